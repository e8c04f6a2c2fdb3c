## The list of people

people-title = Personen
people-title-count = Personen · { $count }
people-search = Personen suchen
people-none-found = Niemand hier heißt so.
people-you = Sie
people-reconnecting = Verbindung wird wiederhergestellt …
people-external = Extern
people-unverified = Nicht überprüft
people-role-organizer = Organisator
people-role-co-organizer = Mitorganisator
people-role-presenter = Referent
people-role-attendee = Teilnehmer
people-role-consumer = Zuschauer
people-role-collaborator = Mitwirkender
people-state-hand = Hand gehoben, Nummer { $place }
people-state-spotlight = im Spotlight
people-state-screen = teilt einen Bildschirm
people-state-muted = stummgeschaltet
people-state-mic = Mikrofon an
people-state-camera = Kamera an
people-state-camera-off = Kamera aus
people-more-about = Mehr zu { $name }
people-mute = Stummschalten
people-lower-hand = Hand senken
people-spotlight = Ins Spotlight setzen
people-unspotlight = Aus dem Spotlight nehmen
people-forbid-mic = Mikrofon deaktivieren
people-allow-mic = Mikrofon zulassen
people-forbid-camera = Kamera deaktivieren
people-allow-camera = Kamera zulassen
people-make-presenter = Zum Referenten machen
people-make-attendee = Zum Teilnehmer machen
people-make-co-organizer = Zum Mitorganisator machen
people-remove = Aus der Besprechung entfernen
people-remove-name = { $name } aus der Besprechung entfernen

## The lobby

people-lobby = Im Wartebereich
people-lobby-count = Im Wartebereich · { $count }
people-lobby-beyond =
    { $count ->
        [one] { $count } weitere Person wartet
       *[other] { $count } weitere Personen warten
    }
people-waits = möchte teilnehmen
people-waits-minutes = wartet seit { $minutes } Min.
people-admit = Zulassen
people-admit-name = { $name } zulassen
people-admit-all = Alle zulassen
people-reject = Ablehnen
people-reject-name = { $name } ablehnen

## Said to screen readers

people-said-joined =
    { $count ->
        [one] { $people } ist beigetreten.
       *[other] { $people } sind beigetreten.
    }
people-said-left =
    { $count ->
        [one] { $people } hat die Besprechung verlassen.
       *[other] { $people } haben die Besprechung verlassen.
    }
people-said-hand =
    { $count ->
        [one] { $people } hat die Hand gehoben.
       *[other] { $people } haben die Hand gehoben.
    }
people-said-waiting =
    { $count ->
        [one] { $people } wartet im Wartebereich.
       *[other] { $people } warten im Wartebereich.
    }

## Hand and reactions

people-raise = Heben
people-lower = Senken
people-raise-hand = Hand heben
people-lower-own-hand = Hand senken
people-why-not = { $what }: { $why }
people-react = Reagieren
people-reaction-like = Gefällt mir
people-reaction-love = Liebe
people-reaction-applause = Applaus
people-reaction-laugh = Lachen
people-reaction-surprised = Überrascht

## The whole meeting

people-more = Mehr
people-meeting-menu = Mehr für diese Besprechung
people-start-meeting = Besprechung starten
people-lock = Besprechung sperren
people-unlock = Besprechung entsperren
people-mute-all = Alle stummschalten
people-forbid-mics = Mikrofone der Teilnehmer deaktivieren
people-allow-mics = Mikrofone der Teilnehmer zulassen
people-forbid-cameras = Kameras der Teilnehmer deaktivieren
people-allow-cameras = Kameras der Teilnehmer zulassen
people-clear-spotlight = Spotlight aufheben
people-recording-on = Aufzeichnung läuft
people-recording-stopped = Aufzeichnung wurde beendet
people-recording-tells = Sagt es allen. Der Dienst selbst zeichnet nichts auf.
people-transcription-on = Transkription läuft
people-transcription-stopped = Transkription wurde beendet
people-transcription-tells = Sagt es allen. Der Dienst selbst transkribiert nichts.
people-rename = Meinen Namen ändern
people-rename-title = Namen ändern
people-rename-label = Name, den andere sehen
people-rename-confirm = Ändern

## What everybody has to know

people-recorded = Diese Besprechung wird aufgezeichnet.
people-transcribed = Diese Besprechung wird transkribiert.
people-recorded-and-transcribed = Diese Besprechung wird aufgezeichnet und transkribiert.
people-green-room = Teilnehmer warten: Die Besprechung hat noch nicht begonnen.
people-locked = Die Besprechung ist gesperrt.
people-consent-missing = Niemand hört oder sieht Sie, bis Sie zustimmen.
people-consent-open = Zustimmen …
people-consent-title = Stimmen Sie der Aufzeichnung zu?
people-consent-text = Diese Besprechung wird aufgezeichnet oder transkribiert. Bis Sie zustimmen, können Sie zusehen und zuhören, aber nicht sprechen, Ihre Kamera zeigen oder etwas teilen. Ihre Antwort gilt für diese Teilnahme.
people-consent-later = Nicht jetzt
people-consent-grant = Ich stimme zu

## Options

people-meeting-options = Besprechungsoptionen
people-options-saved = Die Besprechungsoptionen wurden gespeichert.
people-options-not-yours = Nur der Organisator kann die Optionen dieser Besprechung ändern.
people-option-bypass = Wer kann den Wartebereich umgehen?
people-option-bypass-everyone = Alle
people-option-bypass-federated = Personen in meiner Organisation und in vertrauenswürdigen Organisationen
people-option-bypass-organization = Personen in meiner Organisation und Gäste
people-option-bypass-no-guests = Personen in meiner Organisation
people-option-bypass-invited = Eingeladene Personen
people-option-only-organizers = Nur Organisatoren und Mitorganisatoren
people-option-everyone = Alle
people-option-admitters = Wer kann aus dem Wartebereich zulassen?
people-option-admitters-presenters = Organisatoren, Mitorganisatoren und Referenten
people-option-presenters = Wer kann präsentieren?
people-option-presenters-organization = Personen in meiner Organisation
people-option-presenters-chosen = Bestimmte Personen
people-option-chat = Besprechungschat
people-option-chat-enabled = Ein
people-option-chat-limited = Nur während der Besprechung
people-option-chat-disabled = Aus
people-option-mic = Mikrofon für Teilnehmer zulassen
people-option-camera = Kamera für Teilnehmer zulassen
people-option-reactions = Reaktionen zulassen
people-option-names = Namensänderung zulassen
people-option-announce = Ankündigen, wenn jemand beitritt oder geht
people-option-encryption = Ende-zu-Ende-Verschlüsselung (Gäste können nicht teilnehmen)

## Why something cannot be done

people-not-capable = Gäste können das nicht.
people-policy-restricted = Die Richtlinie des Organisators lässt das nicht zu.
people-meeting-restricted = Das ist in dieser Besprechung ausgeschaltet.
people-role-restricted = Ihre Rolle in dieser Besprechung lässt das nicht zu.
people-consent-first = Stimmen Sie zuerst der Aufzeichnung zu.
people-not-available = Das gibt es hier nicht.
people-not-in-this-call = Das gibt es in dieser Art von Anruf nicht.
people-not-now = Das können Sie im Moment nicht.

## What happened

people-notice-muted-by = { $name } hat Sie stummgeschaltet.
people-notice-muted = Jemand hat Sie stummgeschaltet.
people-notice-media-trouble = Audio oder Video konnte nicht eingerichtet werden. Verlassen Sie die Besprechung und treten Sie erneut bei, wenn es nicht wiederkommt.
people-refused-unknown = Das hat nicht geklappt. Versuchen Sie es bitte noch einmal.
people-refused-rate-limited = Das ging zu schnell. Warten Sie einen Moment.
people-refused-too-many = Mehr sind nicht möglich.
people-refused-not-allowed = Dazu haben Sie keine Berechtigung.
people-refused-unknown-participant = Diese Person ist nicht mehr in der Besprechung.
people-refused-not-in-call = Dafür müssen Sie in der Besprechung sein.
people-refused-meeting-full = Die Besprechung ist voll.
people-refused-too-large = Die Nachricht ist zu lang.
people-refused-bad-display-name = Der Name muss 1 bis 256 darstellbare Zeichen haben.
people-refused-busy = Der Dienst ist ausgelastet. Versuchen Sie es noch einmal.
people-refused-muted = Sie wurden inzwischen stummgeschaltet; heben Sie die Stummschaltung wieder auf.

## The end

people-join-again = Erneut teilnehmen
people-try-again = Noch einmal versuchen
people-end-code = Code { $code }
people-end-over = Der Anruf ist beendet
people-end-refused = Sie konnten nicht teilnehmen
people-end-left = Sie haben die Besprechung verlassen
people-end-ended = Die Besprechung ist beendet
people-end-removed = Sie wurden aus der Besprechung entfernt
people-end-lobby-denied = Sie wurden nicht zugelassen
people-end-lobby-timeout = Niemand hat Sie zugelassen
people-end-meeting-not-found = Diese Besprechung wurde nicht gefunden
people-end-bad-locator = Das ist kein Besprechungslink
people-end-bad-display-name = Dieser Name ist nicht möglich
people-end-government-cloud = An dieser Besprechung können Sie von hier aus nicht teilnehmen
people-end-anonymous-join-disabled = Gäste können an dieser Besprechung nicht teilnehmen
people-end-unauthenticated = Ihr Zugriff ist abgelaufen
people-end-connection-lost = Die Verbindung ist abgebrochen
people-end-service-stopping = Der Dienst wird neu gestartet
people-why-left = Sie haben die Besprechung verlassen.
people-why-ended = Der Organisator hat die Besprechung für alle beendet.
people-why-connection-lost = Die Verbindung zur Besprechung ist abgebrochen und konnte nicht wiederhergestellt werden.
people-why-refused = Der Dienst hat die Teilnahme abgelehnt.
people-why-removed = Sie wurden aus der Besprechung entfernt.
people-why-lobby-denied = Ihre Anfrage zur Teilnahme wurde abgelehnt.
people-why-lobby-timeout = Niemand hat Sie rechtzeitig aus dem Wartebereich zugelassen.
people-why-meeting-not-found = Diese Besprechung gibt es nicht, sie ist abgelaufen, oder die Kennung ist falsch.
people-why-bad-locator = Dieser Link führt zu keiner Besprechung, an der man teilnehmen kann.
people-why-bad-display-name = Der Name muss 1 bis 256 darstellbare Zeichen haben.
people-why-too-many-attempts = Es gab zu viele fehlgeschlagene Versuche, eine Besprechung zu finden. Versuchen Sie es später noch einmal.
people-why-protocol-violation = Die App hat etwas gesendet, das hier nicht erwartet wurde.
people-why-anonymous-join-disabled = Der Organisator oder die Organisation lässt Gäste an dieser Besprechung nicht teilnehmen.
people-why-client-type-blocked = Der Organisator lässt Gäste mit dieser Art von App nicht teilnehmen.
people-why-federation-required = Die Organisation lässt nur Gäste vertrauenswürdiger Apps zu.
people-why-resource-not-allowed = Die Organisation vertraut dieser App nicht.
people-why-federation-disabled-for-organizer = Der Organisator lässt keine Gäste dieser App zu.
people-why-kind-not-supported = An dieser Art von Besprechung können Gäste nicht teilnehmen.
people-why-e2ee = An Besprechungen mit Ende-zu-Ende-Verschlüsselung können Gäste nicht teilnehmen.
people-why-government-cloud = An Besprechungen der Behördencloud können Sie von hier aus nicht teilnehmen.
people-why-cloud-not-supported = An Besprechungen dieser Cloud können Sie von hier aus nicht teilnehmen.
people-why-meeting-locked = Die Besprechung ist gesperrt.
people-why-meeting-full = Die Besprechung ist voll.
people-why-captcha-required = Die Besprechung verlangt von Gästen eine Prüfung, die diese App nicht anzeigen kann.
people-why-group-users-only = An Gruppenanrufen können nur Benutzer von Apps teilnehmen.
people-why-group-not-started = Der Anruf hat noch nicht begonnen.
people-why-room-not-found = Diesen Raum gibt es nicht.
people-why-room-not-invited = Sie sind nicht in diesen Raum eingeladen.
people-why-room-not-open = Der Raum ist noch nicht geöffnet.
people-why-room-over = Der Raum kann nicht mehr betreten werden.
people-why-room-closed = Der Raum wurde geschlossen.
people-why-unauthenticated = Ihr Zugriff ist abgelaufen oder gilt hier nicht.
people-why-media-lost = Die Verbindung für Audio und Video ist abgebrochen.
people-why-service-failure = Auf dem Server ist etwas schiefgegangen.
people-why-service-stopping = Der Dienst wird gerade neu gestartet.
