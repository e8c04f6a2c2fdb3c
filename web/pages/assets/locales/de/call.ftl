## Before the call

call-join-title = An Besprechung teilnehmen
call-join-meeting = An der Besprechung teilnehmen
call-join-room = Den Raum betreten
call-join-meeting-lead = Sie nehmen als Gast teil. Eventuell muss Sie jemand in der Besprechung einlassen.
call-join-room-lead = Sie betreten einen Raum, zu dem Sie eingeladen sind.
call-join = Jetzt teilnehmen
call-name = Ihr Name
call-name-placeholder = So sehen Sie die anderen
call-name-missing = Bitte geben Sie Ihren Namen ein.
call-link = Besprechungslink
call-link-empty = Bitte fügen Sie den Link aus Ihrer Einladung ein.
call-link-long = Dieser Text ist zu lang für einen Besprechungslink.
call-link-malformed = Das ist kein vollständiger Link. Kopieren Sie ihn noch einmal aus der Einladung, von https:// bis zum Ende.
call-link-scheme = Ein Besprechungslink beginnt mit https://.
call-link-government = Diese Besprechung findet in einer Regierungs-Cloud statt; von hier aus ist keine Teilnahme möglich.
call-link-other-page = Dieser Link führt zu einer anderen Seite von Teams, nicht zu einer Besprechung.
call-link-not-meeting = Dieser Link führt zu einer hiesigen Seite, nicht zu einer Besprechung.
call-link-unknown-host = Das sieht nicht nach einem Link zu einer Besprechung aus.
call-preview = Kamera und Mikrofon
call-preview-asking = Ihr Browser fragt nach Kamera und Mikrofon …
call-preview-none = Kein Bild
call-preview-off = Ihre Kamera ist aus
call-level = Mikrofonpegel
call-camera = Kamera
call-microphone = Mikrofon
call-speaker = Lautsprecher
call-speaker-system = Lautsprecher des Systems
call-speaker-named = Lautsprecher: { $name }
call-speaker-test = Testton
call-speaker-playing = Wird abgespielt …
call-speaker-failed = Kein Ton. Noch einmal versuchen
call-microphone-denied = Das Mikrofon ist blockiert. Erlauben Sie es in der Adressleiste, um gehört zu werden.
call-microphone-missing = Kein Mikrofon gefunden. Sie können trotzdem zuhören und den Chat nutzen.
call-microphone-busy = Das Mikrofon wird von einem anderen Programm verwendet.
call-microphone-failed = Das Mikrofon konnte nicht gestartet werden.
call-microphone-unsupported = Dieser Browser gibt Mikrofone nur für sichere Seiten (https) frei.
call-camera-denied = Die Kamera ist blockiert. Erlauben Sie sie in der Adressleiste, um gesehen zu werden.
call-camera-missing = Keine Kamera gefunden. Sie können ohne Kamera teilnehmen.
call-camera-busy = Die Kamera wird von einem anderen Programm verwendet.
call-camera-failed = Die Kamera konnte nicht gestartet werden.
call-camera-unsupported = Dieser Browser gibt Kameras nur für sichere Seiten (https) frei.
call-devices-denied = Kamera und Mikrofon sind blockiert. Sie können ohne sie teilnehmen; die anderen sehen und hören Sie dann nicht.
call-devices-again = Erneut versuchen
call-allow-how = So erlauben Sie den Zugriff
call-allow-chromium = Klicken Sie auf das Symbol links neben der Adresse, schalten Sie Kamera und Mikrofon ein, und kehren Sie hierher zurück. Bleiben sie blockiert, prüfen Sie die Datenschutzeinstellungen Ihres Computers.
call-allow-firefox = Klicken Sie auf das durchgestrichene Symbol links neben der Adresse, heben Sie die Blockierung auf, und wählen Sie „Erneut versuchen“. Bleibt sie bestehen, prüfen Sie die Datenschutzeinstellungen Ihres Computers.
call-allow-safari = Öffnen Sie im Safari-Menü „Einstellungen für diese Website“, erlauben Sie Kamera und Mikrofon, und laden Sie die Seite neu.
call-allow-other = Öffnen Sie in Ihrem Browser die Einstellungen dieser Seite, erlauben Sie Kamera und Mikrofon, und wählen Sie „Erneut versuchen“.

## Network check

call-network = Verbindung
call-network-lead = Prüfen Sie, ob Anrufe von hier aus funktionieren.
call-network-check = Prüfen
call-network-again = Erneut prüfen
call-network-checking = Ihre Verbindung wird geprüft …
call-network-step-service = Der Dienst wird gesucht
call-network-step-signaling = Eine Sitzung wird geöffnet
call-network-step-media = Audio und Video werden ausprobiert
call-network-good = Gute Verbindung
call-network-fair = Brauchbare Verbindung
call-network-poor = Schlechte Verbindung
call-network-failed = Keine brauchbare Verbindung
call-network-fine = Audio und Video sollten gut funktionieren.
call-network-slow = Antworten brauchen etwas lange. Kurze Verzögerungen sind möglich.
call-network-far = Antworten brauchen sehr lange. Rechnen Sie mit Verzögerungen; versuchen Sie ein anderes Netzwerk, oder schalten Sie das Video aus.
call-network-tcp = Ihr Netzwerk lässt Medien nur über TCP durch. Audio und Video können stocken.
call-network-no-media = Audio und Video kommen nicht durch. Vielleicht blockiert sie eine Firewall; versuchen Sie ein anderes Netzwerk.
call-network-no-session = Der Dienst antwortet, aber Anrufe kommen nicht durch. Vielleicht blockiert ein Proxy WebSockets; versuchen Sie ein anderes Netzwerk.
call-network-unreachable = Der Dienst ist nicht erreichbar. Prüfen Sie Ihre Internetverbindung.
call-network-rtt = Umlaufzeit { $ms } ms
call-network-over = über { $protocol }
call-network-signaling-only = Audio und Video wurden nicht geprüft

## Waiting

call-joining = Teilnahme …
call-joining-text = Verbindung mit der Besprechung wird hergestellt.
call-lobby = Sie sind im Wartebereich
call-lobby-start = Sie sind im Wartebereich. Die Besprechung hat noch nicht begonnen; sobald sie beginnt, sind Sie dabei.
call-lobby-admit = Sie sind im Wartebereich. Jemand in der Besprechung muss Sie einlassen.
call-lobby-reconnecting = Die Verbindung wurde unterbrochen. Sie wird wiederhergestellt …

## In the call

call-meeting = Besprechung
call-title-waiting = ({ $count } warten) { $subject } · Anteroom
call-entered = Sie sind in der Besprechung.
call-controls = Anrufsteuerung
call-mute = Stumm
call-unmute = Ton an
call-muted = stummgeschaltet
call-muted-speaking = Sie sind stummgeschaltet. Drücken Sie { $keys }, um den Ton einzuschalten.
call-talking = Ihr Mikrofon ist an, solange Sie die Leertaste halten.
call-camera-start = Video an
call-camera-stop = Video aus
call-cameras = Kamera wählen
call-microphones = Mikrofon und Lautsprecher wählen
call-share = Teilen
call-share-screen = Bildschirm teilen
call-share-stop = Teilen beenden
call-share-stop-screen = Bildschirm nicht mehr teilen
call-share-failed = Der Bildschirm konnte nicht geteilt werden.
call-sharing = Sie teilen Ihren Bildschirm.
call-people = Personen
call-people-and-chat = Personen und Chat
call-people-button = Personen, { $count } im Wartebereich
call-chat-button =
    { $count ->
        [one] Chat, { $count } ungelesene Nachricht
       *[other] Chat, { $count } ungelesene Nachrichten
    }
call-leave = Verlassen
call-leave-meeting = Besprechung verlassen
call-end = Beenden
call-end-meeting = Besprechung für alle beenden
call-end-question = Besprechung für alle beenden?
call-end-consequence = Alle Teilnehmenden werden getrennt, und Gäste verlieren den Chat.
call-end-confirm = Besprechung beenden
call-guest-link = Gastlink
call-guest-link-copied = Der Link für Gäste wurde kopiert.
call-copy-failed = Das Kopieren ist fehlgeschlagen.
call-reconnecting = Verbindung verloren. Sie wird wiederhergestellt …
call-unlock = Klicken, um die anderen zu hören
call-reacted = { $name }: { $reaction }
call-somebody = Jemand
call-you = Sie

## Pictures

call-pictures = Bilder der Teilnehmenden
call-alone = Noch ist niemand sonst hier.
call-own-camera = Ihre Kamera
call-own-picture-move = Ihr Bild. Ziehen Sie es in eine andere Ecke, oder verwenden Sie die Pfeiltasten.
call-screen-of = Bildschirm von { $name }
call-tile-camera = Kamera von { $name }
call-tile-hand = Hand gehoben, Nummer { $place }
call-tile-reconnecting = Verbindung wird wiederhergestellt …
call-pin = { $name } anheften
call-pin-short = Anheften
call-unpin = { $name } lösen
call-unpin-short = Lösen
call-page = { $page } von { $pages }
call-page-before = Vorherige Seite
call-page-after = Nächste Seite
call-view = Ansicht
call-layout-auto = Automatische Anordnung
call-layout-grid = Galerie
call-layout-speaker = Sprecher
call-self-show = Mein Bild anzeigen
call-full-screen = Vollbild
call-full-screen-failed = Vollbild ist hier nicht möglich.
call-picture-in-picture = Bild im Bild
call-picture-in-picture-failed = Bild im Bild ist im Moment nicht möglich.

## Chat

call-chat = Chat
call-chat-empty = Noch keine Nachrichten. Für Gäste ist der Chat nach dem Verlassen nicht mehr da.
call-chat-messages = Nachrichten
call-chat-message = Nachricht
call-chat-placeholder = Nachricht eingeben
call-chat-unavailable = Der Chat ist nicht verfügbar
call-chat-send = Senden
call-chat-too-long = Diese Nachricht ist zu lang.
call-chat-new = Neu
call-chat-latest = Neueste Nachrichten
call-chat-unread =
    { $count ->
        [one] { $count } neue Nachricht
       *[other] { $count } neue Nachrichten
    }
call-chat-edited = Bearbeitet
call-chat-deleted = Diese Nachricht wurde gelöscht.
call-chat-typing =
    { $count ->
        [one] { $names } schreibt …
       *[other] { $names } schreiben …
    }
call-chat-typing-many = Mehrere Personen schreiben …
call-chat-seen = Gesehen von { $names }
call-chat-more =
    { $count ->
        [one] { $count } weiteren Person
       *[other] { $count } weiteren
    }
call-chat-from = Nachricht von { $name }: { $text }

## Quality and details

call-quality = Verbindung: { $quality }
call-quality-unknown = unbekannt
call-quality-good = gut
call-quality-fair = mittel
call-quality-poor = schlecht
call-details = Verbindungsdetails
call-details-measuring = Wird gemessen …
call-details-none = Zurzeit besteht keine Medienverbindung.
call-details-copy = Kopieren
call-details-copied = Die Details wurden kopiert.
call-details-state = Zustand
call-details-transport = Transport
call-details-up = Gesendet
call-details-down = Empfangen
call-details-available = Zum Senden verfügbar
call-details-streams = Datenströme
call-details-track = Datenstrom
call-details-bitrate = Bitrate
call-details-picture = Bild
call-details-loss = Verlust
call-details-jitter = Jitter
call-details-rtt = Umlaufzeit
call-details-codec = Codec
call-details-in = empfangen
call-details-out = gesendet
call-details-audio = Audio
call-details-video = Video
call-details-limited-cpu = (begrenzt durch diesen Computer)
call-details-limited-bandwidth = (begrenzt durch das Netzwerk)
call-details-kbit = { $rate } kbit/s
call-details-mbit = { $rate } Mbit/s
call-details-ms = { $ms } ms

## Settings and keys

call-settings = Einstellungen
call-settings-devices = Geräte
call-settings-look = Darstellung
call-theme = Darstellung
call-theme-system = System
call-theme-light = Hell
call-theme-dark = Dunkel
call-shortcuts = Tastenkombinationen
call-key-mute = Stummschalten oder Ton an
call-key-camera = Kamera ein oder aus
call-key-share = Bildschirm teilen oder Teilen beenden
call-key-hand = Hand heben oder senken
call-key-space = Leertaste
call-key-talk = Mikrofon an, solange gehalten
call-key-list = Diese Liste
