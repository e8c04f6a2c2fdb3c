# Die Seite der Administratoren. Namen von Einstellungen, Richtlinien und Stufen bleiben: es sind die der Cmdlets.

admin-title = Verwaltung
admin-lead = Für Administratoren der Organisation.
admin-sign-in-again = Bitte melden Sie sich erneut an.
admin-not-an-administrator = Sie verwalten diese Organisation nicht.
admin-sign-out = Abmelden
admin-skip = Zum Inhalt springen
admin-navigation = Abschnitte
admin-unreachable = Der Dienst ist nicht erreichbar.
admin-refused = Der Dienst hat das abgelehnt.
admin-loading = Wird geladen…
admin-other-tenant = Sie verwalten { $tenant }, das ist nicht Ihr eigener Mandant.
admin-back-to-own = Zurück zum eigenen Mandanten
admin-add = Hinzufügen
admin-name = Name
admin-id = ID
admin-users = Benutzer
admin-none = Keine
admin-show = Anzeigen

## Einstellungen

admin-settings = Einstellungen
admin-settings-lead = Unter den Namen der PowerShell-Cmdlets. Sie gelten sofort, auch in laufenden Besprechungen.
admin-applied = Die Einstellungen gelten ab jetzt.
admin-add-named = Richtlinie, Bezeichnung oder Vorlage hinzufügen
admin-named-explained = Eine Richtlinie beginnt mit den Werten von Global. Eine Vertraulichkeitsbezeichnung oder eine Besprechungsvorlage legt fest, was eine Besprechung höchstens haben darf; was sie offen lässt, entscheidet der Organisator.
admin-added = { $name } wurde hinzugefügt. Das gilt, sobald es übernommen ist.
admin-exists = { $name } gibt es schon.
admin-remove = Entfernen
admin-remove-named = { $name } entfernen
admin-removed = { $name } wurde entfernt. Das gilt, sobald es übernommen ist.
admin-left-open = Offen gelassen
admin-grant-explained = Wem Richtlinien zugewiesen sind. Was einem Benutzer zugewiesen ist, geht vor; von mehreren Gruppen zählt die mit dem kleinsten Rang.
admin-grant-add = Richtlinie zuweisen
admin-grant-number = Zuweisung { $number }
admin-grant-to = An
admin-grant-who = Name oder ID
admin-dry-run = Anzeigen, was sich ändern würde
admin-apply = Übernehmen
admin-guests-of = Gäste von { $meeting }
admin-nothing-changes = Es ändert sich nichts.
admin-would-change = Das würde sich ändern
admin-has-changed = Das hat sich geändert
admin-for = Für
admin-setting = Einstellung
admin-value = Wert
admin-before = Vorher
admin-after = Nachher

## Geltende Werte

admin-effective = Geltende Werte
admin-effective-lead = Was für die Besprechungen eines Benutzers gilt und woher jeder Wert kommt.
admin-user = Benutzer
admin-for-meeting = Für die Besprechung
admin-new-meeting = Eine neue Besprechung
admin-changed-only = Nur Werte, die nicht dem Standard von Microsoft entsprechen
admin-effective-shown = Die geltenden Werte von { $user } werden angezeigt.
admin-policy = Richtlinie
admin-policy-values = Werte der Richtlinien
admin-meeting-values = Optionen der Besprechung
admin-option = Option
admin-from = Stammt aus
admin-own-value = In der Besprechung eingestellt
admin-granted-user = { $policy }, dem Benutzer zugewiesen
admin-granted-group = { $policy }, der Gruppe { $group } zugewiesen
admin-granted-global = { $policy }, da keine andere zugewiesen ist
admin-source-policy = Richtlinie { $name }
admin-source-label = Vertraulichkeitsbezeichnung { $name }
admin-source-template = Besprechungsvorlage { $name }
admin-source-start = Neue Besprechungen unter der Richtlinie { $name }
admin-source-default = Standard
admin-source-meeting = Eigene Optionen der Besprechung

## Laufende Besprechungen

admin-meetings = Laufende Besprechungen
admin-meetings-lead = Besprechungen, in denen jemand ist oder im Wartebereich wartet.
admin-meetings-summary = { $count ->
    [0] Keine Besprechung läuft
    [one] Eine Besprechung läuft
   *[other] { $count } Besprechungen laufen
} · Stand { $time }
admin-meetings-count = { $count ->
    [0] Keine Besprechung läuft.
    [one] Eine Besprechung läuft.
   *[other] { $count } Besprechungen laufen.
}
admin-participants = { $count ->
    [0] Niemand in der Besprechung
    [one] Eine Person in der Besprechung
   *[other] { $count } Personen in der Besprechung
}{ $waiting ->
    [0] {""}
   *[other] , { $waiting } im Wartebereich
}
admin-waiting = Im Wartebereich
admin-organized-by = Organisiert von { $name } ({ $upn })
admin-room = Raum { $id }
admin-since = seit { $time }
admin-not-begun = noch niemand ist darin
admin-locked = Gesperrt
admin-recording = Aufzeichnung
admin-transcription = Transkription
admin-sharing = teilt den Bildschirm
admin-reconnecting = verbindet sich neu
admin-role-organizer = Organisation
admin-role-co-organizer = Mitorganisation
admin-role-presenter = Referent
admin-role-attendee = Teilnehmer
admin-role-consumer = Zuschauer
admin-role-collaborator = Mitwirkender
admin-label-external = Extern
admin-label-unverified = Nicht überprüft
admin-end = Besprechung beenden
admin-end-question = { $subject } beenden?
admin-end-consequence = { $count ->
    [one] Eine Person wird entfernt.
   *[other] Alle { $count } Personen werden entfernt.
} Der Besprechung kann danach wieder beigetreten werden.
admin-ended = { $subject } wurde beendet.

## Einen Beitritt erklären

admin-explain = Beitritt erklären
admin-explain-lead = Warum ein Gast in eine Besprechung kommt, wartet oder draußen bleibt.
admin-explain-do = Erklären
admin-meeting-link = Besprechungslink
admin-guest = Gast
admin-guest-name = Name, den der Gast angibt
admin-guest-resource = ACS-Ressource, nach Name oder ID
admin-first-resource = die erste
admin-started = Die Besprechung
admin-started-now = wie sie jetzt ist
admin-started-yes = hat begonnen
admin-started-no = hat nicht begonnen
admin-guest-is-told = Dem Gast wird gesagt: { $sentence } ({ $code })
admin-of-meeting = { $subject }, organisiert von { $organizer }, Richtlinie { $policy }
admin-passes = weiter
admin-stops = hält auf
admin-level = Ebene
admin-changed-by = Kann ändern
admin-how = Wie
admin-capabilities = Was der Gast darf
admin-capability = Berechtigung
admin-why = Warum

## Schutz

admin-audit = Schutz prüfen
admin-audit-lead = Vergleicht die Einstellungen mit einer Schutzstufe.
admin-tier = Stufe
admin-tier-met = Nichts gefunden: die Stufe { $tier } ist erfüllt.
admin-where = Wo
admin-wanted = Gefordert
admin-consequence = Wer was tun könnte
admin-fix = Was das schließt

## Mandanten

admin-tenants = Mandanten
admin-tenants-lead = Alle Mandanten dieses Dienstes. Nur seine Betreiber sehen sie.
admin-this-tenant = Dieser
admin-look-after = Verwalten
admin-look-after-name = { $tenant } verwalten

## Ressourcen

admin-resources = Ressourcen und Schlüssel
admin-resources-lead = ACS-Ressourcen dieses Dienstes. Wer einen Zugriffsschlüssel hat, kann Gäste anlegen.
admin-new-resource = Name einer neuen Ressource
admin-resource-made = Die Ressource { $name } wurde angelegt.
admin-first = Erste Ressource
admin-created = angelegt am { $date }
admin-rotations = Schlüssel neu erzeugt: primär { $primary }, sekundär { $secondary }
admin-reveal = Schlüssel anzeigen
admin-hide = Schlüssel verbergen
admin-primary-key = Primärer Schlüssel
admin-primary-connection-string = Primäre Verbindungszeichenfolge
admin-secondary-key = Sekundärer Schlüssel
admin-secondary-connection-string = Sekundäre Verbindungszeichenfolge
admin-copy = Kopieren: { $what }
admin-copied = Kopiert.
admin-regenerate = Neu erzeugen
admin-regenerate-primary = Primären Schlüssel neu erzeugen…
admin-regenerate-secondary = Sekundären Schlüssel neu erzeugen…
admin-regenerate-primary-question = Primären Schlüssel von { $name } neu erzeugen?
admin-regenerate-secondary-question = Sekundären Schlüssel von { $name } neu erzeugen?
admin-regenerate-consequence = Der alte Schlüssel wird sofort abgelehnt, ebenso die Token, die mit ihm ausgestellt wurden. Gäste, die mit einem solchen Token in einer Besprechung sind, werden entfernt.
admin-regenerated = Der Schlüssel wurde neu erzeugt.

## Fehler

admin-errors = Fehlerkatalog
admin-errors-lead = Jeder Fehler, mit dem dieser Dienst antwortet: warum er kommt, was zu tun ist. Die Texte sind englisch.
admin-search = Nach Code, Name oder Text suchen
admin-errors-count = { $count ->
    [0] Nichts gefunden.
    [one] Ein Fehler.
   *[other] { $count } Fehler.
}
