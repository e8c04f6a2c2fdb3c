# Administratörernas sida. Namn på inställningar, principer och nivåer är kvar: de är cmdletarnas.

admin-title = Administration
admin-lead = För organisationens administratörer.
admin-sign-in-again = Logga in igen.
admin-not-an-administrator = Du administrerar inte den här organisationen.
admin-sign-out = Logga ut
admin-skip = Hoppa till innehållet
admin-navigation = Avsnitt
admin-unreachable = Det går inte att nå tjänsten.
admin-refused = Tjänsten nekade detta.
admin-loading = Läser in…
admin-other-tenant = Du administrerar { $tenant }, som inte är din egen klientorganisation.
admin-back-to-own = Tillbaka till din egen klientorganisation
admin-add = Lägg till
admin-name = Namn
admin-id = ID
admin-users = Användare
admin-none = Ingen
admin-show = Visa

## Inställningar

admin-settings = Inställningar
admin-settings-lead = Under PowerShell-cmdletarnas namn. De gäller genast, även i pågående möten.
admin-applied = Inställningarna gäller från och med nu.
admin-add-named = Lägg till en princip, etikett eller mall
admin-named-explained = En princip börjar med värdena från Global. En känslighetsetikett eller en mötesmall bestämmer det mesta som ett möte får ha; det som lämnas öppet väljer organisatören.
admin-added = { $name } lades till. Det gäller när det har tillämpats.
admin-exists = { $name } finns redan.
admin-remove = Ta bort
admin-remove-named = Ta bort { $name }
admin-removed = { $name } togs bort. Det gäller när det har tillämpats.
admin-left-open = Lämnas öppet
admin-grant-explained = Vem som har tilldelats principer. Det som en användare har tilldelats går före; av flera grupper gäller den med lägst rang.
admin-grant-add = Tilldela en princip
admin-grant-number = Tilldelning { $number }
admin-grant-to = Till
admin-grant-who = Namn eller id
admin-dry-run = Visa vad som skulle ändras
admin-apply = Använd
admin-guests-of = Gäster i { $meeting }
admin-nothing-changes = Ingenting ändras.
admin-would-change = Detta skulle ändras
admin-has-changed = Detta har ändrats
admin-for = För
admin-setting = Inställning
admin-value = Värde
admin-before = Före
admin-after = Efter

## Gällande värden

admin-effective = Gällande värden
admin-effective-lead = Vad som gäller för en användares möten och var varje värde kommer ifrån.
admin-user = Användare
admin-for-meeting = För mötet
admin-new-meeting = Ett nytt möte
admin-changed-only = Endast värden som inte är Microsofts standard
admin-effective-shown = Gällande värden för { $user } visas.
admin-policy = Princip
admin-policy-values = Principernas värden
admin-meeting-values = Mötets alternativ
admin-option = Alternativ
admin-from = Kommer från
admin-own-value = Inställt i mötet
admin-granted-user = { $policy }, tilldelad användaren
admin-granted-group = { $policy }, tilldelad gruppen { $group }
admin-granted-global = { $policy }, eftersom ingen annan är tilldelad
admin-source-policy = Principen { $name }
admin-source-label = Känslighetsetiketten { $name }
admin-source-template = Mötesmallen { $name }
admin-source-start = Nya möten under principen { $name }
admin-source-default = Standard
admin-source-meeting = Mötets egna alternativ

## Pågående möten

admin-meetings = Pågående möten
admin-meetings-lead = Möten med någon i lobbyn eller i samtalet.
admin-meetings-summary = { $count ->
    [0] Inget möte pågår
    [one] Ett möte pågår
   *[other] { $count } möten pågår
} · kl. { $time }
admin-meetings-count = { $count ->
    [0] Inget möte pågår.
    [one] Ett möte pågår.
   *[other] { $count } möten pågår.
}
admin-participants = { $count ->
    [0] Ingen i samtalet
    [one] En deltagare
   *[other] { $count } deltagare
}{ $waiting ->
    [0] {""}
   *[other] , { $waiting } i lobbyn
}
admin-waiting = I lobbyn
admin-organized-by = Anordnas av { $name } ({ $upn })
admin-room = Rum { $id }
admin-since = sedan { $time }
admin-not-begun = ingen är inne ännu
admin-locked = Låst
admin-recording = Inspelning
admin-transcription = Transkription
admin-sharing = delar skärmen
admin-reconnecting = ansluter igen
admin-role-organizer = Mötesorganisatör
admin-role-co-organizer = Medorganisatör
admin-role-presenter = Presentatör
admin-role-attendee = Deltagare
admin-role-consumer = Åskådare
admin-role-collaborator = Medarbetare
admin-label-external = Extern
admin-label-unverified = Overifierad
admin-end = Avsluta möte
admin-end-question = Vill du avsluta { $subject }?
admin-end-consequence = { $count ->
    [one] En person tas bort.
   *[other] Alla { $count } personer tas bort.
} Det går att ansluta till mötet igen efteråt.
admin-ended = { $subject } har avslutats.

## Förklara en anslutning

admin-explain = Förklara en anslutning
admin-explain-lead = Varför en gäst kommer in i ett möte, väntar eller stannar utanför.
admin-explain-do = Förklara
admin-meeting-link = Möteslänk
admin-guest = Gäst
admin-guest-name = Namnet som gästen anger
admin-guest-resource = ACS-resurs, efter namn eller ID
admin-first-resource = den första
admin-started = Mötet
admin-started-now = som det är nu
admin-started-yes = har börjat
admin-started-no = har inte börjat
admin-guest-is-told = Gästen får veta: { $sentence } ({ $code })
admin-of-meeting = { $subject }, anordnas av { $organizer }, principen { $policy }
admin-passes = släpper fram
admin-stops = stoppar
admin-level = Nivå
admin-changed-by = Kan ändras av
admin-how = Hur
admin-capabilities = Vad gästen får göra
admin-capability = Behörighet
admin-why = Varför

## Skydd

admin-audit = Kontrollera skyddet
admin-audit-lead = Jämför inställningarna med en skyddsnivå.
admin-tier = Nivå
admin-tier-met = Inget hittades: nivån { $tier } är uppfylld.
admin-where = Var
admin-wanted = Önskat
admin-consequence = Vem som kunde göra vad
admin-fix = Vad som åtgärdar det

## Klientorganisationer

admin-tenants = Klientorganisationer
admin-tenants-lead = Alla klientorganisationer i den här tjänsten. Bara tjänstens operatörer ser dem.
admin-this-tenant = Den här
admin-look-after = Administrera
admin-look-after-name = Administrera { $tenant }

## Resurser

admin-resources = Resurser och nycklar
admin-resources-lead = Tjänstens ACS-resurser. Den som har en åtkomstnyckel kan skapa gäster.
admin-new-resource = Namn på en ny resurs
admin-resource-made = Resursen { $name } har skapats.
admin-first = Första resursen
admin-created = skapad { $date }
admin-rotations = nycklar återskapade: primär { $primary }, sekundär { $secondary }
admin-reveal = Visa nycklar
admin-hide = Dölj nycklar
admin-primary-key = Primär nyckel
admin-primary-connection-string = Primär anslutningssträng
admin-secondary-key = Sekundär nyckel
admin-secondary-connection-string = Sekundär anslutningssträng
admin-copy = Kopiera: { $what }
admin-copied = Kopierat.
admin-regenerate = Återskapa
admin-regenerate-primary = Återskapa primär nyckel…
admin-regenerate-secondary = Återskapa sekundär nyckel…
admin-regenerate-primary-question = Vill du återskapa den primära nyckeln för { $name }?
admin-regenerate-secondary-question = Vill du återskapa den sekundära nyckeln för { $name }?
admin-regenerate-consequence = Den gamla nyckeln nekas genast, liksom de token som utfärdats med den. Gäster som är i ett möte med en sådan token tas bort.
admin-regenerated = Nyckeln har återskapats.

## Fel

admin-errors = Felkatalog
admin-errors-lead = Varje fel som tjänsten svarar med: varför det kommer och vad du kan göra. Texterna är på engelska.
admin-search = Sök efter kod, namn eller text
admin-errors-count = { $count ->
    [0] Inget hittades.
    [one] Ett fel.
   *[other] { $count } fel.
}
