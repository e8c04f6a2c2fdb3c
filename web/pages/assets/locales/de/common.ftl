common-app = Anteroom
common-language = Sprache
common-cancel = Abbrechen
common-close = Schließen
common-save = Speichern
common-others =
    { $count ->
        [one] { $count } weitere Person
       *[other] { $count } weitere Personen
    }

## Sign-in

common-sign-in = Anmelden
common-sign-out = Abmelden
common-sign-in-with = Mit { $name } anmelden
common-user-name = Benutzername
common-password = Kennwort
common-wrong-password = Benutzername und Kennwort passen nicht zusammen.
common-sign-in-failed = Die Anmeldung ist fehlgeschlagen.

## What goes wrong

common-unreachable = Der Dienst ist nicht erreichbar. Prüfen Sie Ihre Verbindung und versuchen Sie es noch einmal.
common-refused = Die Anfrage wurde abgelehnt.
common-no-token = Das Back-End hat kein Zugriffstoken ausgestellt.
common-no-guest-tokens = Zu dieser Seite gehört kein Back-End, das Token für Gäste ausstellt. Eine App, die sie einbettet, öffnet sie mit einem Zugriffstoken: { $address }

## The front page

common-status-asking = Wird geprüft …
common-status-running = In Betrieb
common-status-not-ready = Nicht bereit
common-status-unreachable = Nicht erreichbar
common-home-lead = Gäste nehmen von Ihrer eigenen Website aus an Besprechungen im Stil von Teams teil.
common-home-guest = Als Gast teilnehmen
common-home-guest-text = Die App für Gäste: Name, Kamera und Mikrofon, der Wartebereich, die Besprechung und ihr Chat.
common-home-teams = Die Teams-Seite
common-home-teams-text = Als Mitarbeiter anmelden, die Besprechung starten, Gäste aus dem Wartebereich einlassen.
common-home-open = Öffnen →
common-surfaces = Was unter { $address } läuft
common-home-identity = Identität
common-home-identity-text = Benutzer und Zugriffstoken, für die Identitäts-SDKs von Azure Communication Services
common-home-chat = Chat
common-home-chat-text = Der Chat der Besprechung, für die Chat-SDKs von Azure Communication Services
common-home-calendar = Kalender
common-home-calendar-text = Anmeldung und Besprechungen der Verzeichnisbenutzer, in der Form von Microsoft Graph
common-home-calls = Anrufe
common-home-calls-text = Signalisierung über WebSocket unter /signaling, Audio und Video über UDP
common-home-operations = Betrieb
