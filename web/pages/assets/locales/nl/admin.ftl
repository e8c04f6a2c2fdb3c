# De pagina van beheerders. Namen van instellingen, beleidsregels en niveaus blijven: het zijn die van de cmdlets.

admin-title = Beheer
admin-lead = Voor beheerders van de organisatie.
admin-sign-in-again = Meld u opnieuw aan.
admin-not-an-administrator = U beheert deze organisatie niet.
admin-sign-out = Afmelden
admin-skip = Naar de inhoud
admin-navigation = Onderdelen
admin-unreachable = De service is niet bereikbaar.
admin-refused = De service heeft dit geweigerd.
admin-loading = Laden…
admin-other-tenant = U beheert { $tenant }; dat is niet uw eigen tenant.
admin-back-to-own = Terug naar uw eigen tenant
admin-add = Toevoegen
admin-name = Naam
admin-id = Id
admin-users = Gebruikers
admin-none = Geen
admin-show = Weergeven

## Instellingen

admin-settings = Instellingen
admin-settings-lead = Onder de namen van de PowerShell-cmdlets. Ze gelden meteen, ook in lopende vergaderingen.
admin-applied = De instellingen gelden vanaf nu.
admin-add-named = Beleid, label of sjabloon toevoegen
admin-named-explained = Beleid begint met de waarden van Global. Een vertrouwelijkheidslabel of een vergadersjabloon legt vast wat een vergadering hooguit mag hebben; wat het openlaat, kiest de organisator.
admin-added = { $name } is toegevoegd. Dat geldt zodra het is toegepast.
admin-exists = { $name } bestaat al.
admin-remove = Verwijderen
admin-remove-named = { $name } verwijderen
admin-removed = { $name } is verwijderd. Dat geldt zodra het is toegepast.
admin-left-open = Opengelaten
admin-grant-explained = Aan wie beleid is toegewezen. Wat aan een gebruiker is toegewezen gaat voor; van meerdere groepen telt die met de laagste rang.
admin-grant-add = Beleid toewijzen
admin-grant-number = Toewijzing { $number }
admin-grant-to = Aan
admin-grant-who = Naam of id
admin-dry-run = Weergeven wat er zou veranderen
admin-apply = Toepassen
admin-guests-of = Gasten van { $meeting }
admin-nothing-changes = Er verandert niets.
admin-would-change = Dit zou veranderen
admin-has-changed = Dit is veranderd
admin-for = Voor
admin-setting = Instelling
admin-value = Waarde
admin-before = Voorheen
admin-after = Nu

## Geldende waarden

admin-effective = Geldende waarden
admin-effective-lead = Wat geldt voor de vergaderingen van één gebruiker, en waar elke waarde vandaan komt.
admin-user = Gebruiker
admin-for-meeting = Voor de vergadering
admin-new-meeting = Een nieuwe vergadering
admin-changed-only = Alleen waarden die afwijken van de standaard van Microsoft
admin-effective-shown = De geldende waarden van { $user } worden weergegeven.
admin-policy = Beleid
admin-policy-values = Waarden van het beleid
admin-meeting-values = Opties van de vergadering
admin-option = Optie
admin-from = Komt van
admin-own-value = In de vergadering ingesteld
admin-granted-user = { $policy }, toegewezen aan de gebruiker
admin-granted-group = { $policy }, toegewezen aan de groep { $group }
admin-granted-global = { $policy }, omdat er geen ander is toegewezen
admin-source-policy = Beleid { $name }
admin-source-label = Vertrouwelijkheidslabel { $name }
admin-source-template = Vergadersjabloon { $name }
admin-source-start = Nieuwe vergaderingen onder het beleid { $name }
admin-source-default = Standaard
admin-source-meeting = Eigen opties van de vergadering

## Lopende vergaderingen

admin-meetings = Lopende vergaderingen
admin-meetings-lead = Vergaderingen met iemand in de lobby of in het gesprek.
admin-meetings-summary = { $count ->
    [0] Er loopt geen vergadering
    [one] Er loopt één vergadering
   *[other] Er lopen { $count } vergaderingen
} · stand van { $time }
admin-meetings-count = { $count ->
    [0] Er loopt geen vergadering.
    [one] Er loopt één vergadering.
   *[other] Er lopen { $count } vergaderingen.
}
admin-participants = { $count ->
    [0] Niemand in het gesprek
    [one] Eén deelnemer
   *[other] { $count } deelnemers
}{ $waiting ->
    [0] {""}
   *[other] , { $waiting } in de lobby
}
admin-waiting = In de lobby
admin-organized-by = Georganiseerd door { $name } ({ $upn })
admin-room = Ruimte { $id }
admin-since = sinds { $time }
admin-not-begun = er is nog niemand
admin-locked = Vergrendeld
admin-recording = Opname
admin-transcription = Transcriptie
admin-sharing = deelt het scherm
admin-reconnecting = maakt opnieuw verbinding
admin-role-organizer = Organisator
admin-role-co-organizer = Medeorganisator
admin-role-presenter = Presentator
admin-role-attendee = Deelnemer
admin-role-consumer = Kijker
admin-role-collaborator = Medewerker
admin-label-external = Extern
admin-label-unverified = Niet geverifieerd
admin-end = Vergadering beëindigen
admin-end-question = { $subject } beëindigen?
admin-end-consequence = { $count ->
    [one] Eén persoon wordt verwijderd.
   *[other] Alle { $count } personen worden verwijderd.
} Daarna kan weer aan de vergadering worden deelgenomen.
admin-ended = { $subject } is beëindigd.

## Een deelname verklaren

admin-explain = Deelname verklaren
admin-explain-lead = Waarom een gast in een vergadering komt, wacht of buiten blijft.
admin-explain-do = Verklaren
admin-meeting-link = Vergaderlink
admin-guest = Gast
admin-guest-name = Naam die de gast opgeeft
admin-guest-resource = ACS-resource, op naam of id
admin-first-resource = de eerste
admin-started = De vergadering
admin-started-now = zoals ze nu is
admin-started-yes = is begonnen
admin-started-no = is niet begonnen
admin-guest-is-told = De gast krijgt te zien: { $sentence } ({ $code })
admin-of-meeting = { $subject }, georganiseerd door { $organizer }, beleid { $policy }
admin-passes = laat door
admin-stops = houdt tegen
admin-level = Niveau
admin-changed-by = Te wijzigen door
admin-how = Hoe
admin-capabilities = Wat de gast mag
admin-capability = Mogelijkheid
admin-why = Waarom

## Bescherming

admin-audit = Bescherming controleren
admin-audit-lead = Vergelijkt de instellingen met een beschermingsniveau.
admin-tier = Niveau
admin-tier-met = Niets gevonden: aan het niveau { $tier } is voldaan.
admin-where = Waar
admin-wanted = Gewenst
admin-consequence = Wie wat zou kunnen doen
admin-fix = Wat dit verhelpt

## Tenants

admin-tenants = Tenants
admin-tenants-lead = Alle tenants van deze service. Alleen de exploitanten ervan zien ze.
admin-this-tenant = Deze
admin-look-after = Beheren
admin-look-after-name = { $tenant } beheren

## Resources

admin-resources = Resources en sleutels
admin-resources-lead = ACS-resources van deze service. Wie een toegangssleutel heeft, kan gasten aanmaken.
admin-new-resource = Naam van een nieuwe resource
admin-resource-made = De resource { $name } is gemaakt.
admin-first = Eerste resource
admin-created = gemaakt op { $date }
admin-rotations = sleutels vernieuwd: primair { $primary }, secundair { $secondary }
admin-reveal = Sleutels weergeven
admin-hide = Sleutels verbergen
admin-primary-key = Primaire sleutel
admin-primary-connection-string = Primaire verbindingsreeks
admin-secondary-key = Secundaire sleutel
admin-secondary-connection-string = Secundaire verbindingsreeks
admin-copy = Kopiëren: { $what }
admin-copied = Gekopieerd.
admin-regenerate = Opnieuw genereren
admin-regenerate-primary = Primaire sleutel opnieuw genereren…
admin-regenerate-secondary = Secundaire sleutel opnieuw genereren…
admin-regenerate-primary-question = Primaire sleutel van { $name } opnieuw genereren?
admin-regenerate-secondary-question = Secundaire sleutel van { $name } opnieuw genereren?
admin-regenerate-consequence = De oude sleutel wordt meteen geweigerd, net als de tokens die ermee zijn uitgegeven. Gasten die met zo’n token in een vergadering zijn, worden verwijderd.
admin-regenerated = De sleutel is opnieuw gegenereerd.

## Fouten

admin-errors = Foutencatalogus
admin-errors-lead = Elke fout waarmee deze service antwoordt: waarom die komt en wat te doen is. De teksten zijn Engels.
admin-search = Zoeken op code, naam of tekst
admin-errors-count = { $count ->
    [0] Niets gevonden.
    [one] Eén fout.
   *[other] { $count } fouten.
}
