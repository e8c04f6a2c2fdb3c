## Before the call

call-join-title = Deelnemen aan vergadering
call-join-meeting = Deelnemen aan de vergadering
call-join-room = Naar de ruimte
call-join-meeting-lead = U neemt deel als gast. Mogelijk moet iemand in de vergadering u toelaten.
call-join-room-lead = U gaat naar een ruimte waarvoor u bent uitgenodigd.
call-join = Nu deelnemen
call-name = Uw naam
call-name-placeholder = Zo zien anderen u
call-name-missing = Voer uw naam in.
call-link = Vergaderlink
call-link-empty = Plak de link uit uw uitnodiging.
call-link-long = Deze tekst is te lang voor een vergaderlink.
call-link-malformed = Dit is geen volledige link. Kopieer hem opnieuw uit de uitnodiging, van https:// tot het einde.
call-link-scheme = Een vergaderlink begint met https://.
call-link-government = Deze vergadering vindt plaats in een overheidscloud; deelnemen vanaf hier is niet mogelijk.
call-link-other-page = Deze link leidt naar een andere pagina van Teams, niet naar een vergadering.
call-link-not-meeting = Deze link leidt naar een pagina hier, niet naar een vergadering.
call-link-unknown-host = Dit lijkt niet op een link naar een vergadering.
call-preview = Camera en microfoon
call-preview-asking = Uw browser vraagt om camera en microfoon …
call-preview-none = Geen beeld
call-preview-off = Uw camera staat uit
call-level = Microfoonniveau
call-camera = Camera
call-microphone = Microfoon
call-speaker = Luidspreker
call-speaker-system = Luidspreker van het systeem
call-speaker-named = Luidspreker: { $name }
call-speaker-test = Testgeluid
call-speaker-playing = Wordt afgespeeld …
call-speaker-failed = Geen geluid. Probeer het opnieuw
call-microphone-denied = De microfoon is geblokkeerd. Sta deze toe in de adresbalk om gehoord te worden.
call-microphone-missing = Geen microfoon gevonden. U kunt wel luisteren en chatten.
call-microphone-busy = De microfoon wordt door een ander programma gebruikt.
call-microphone-failed = De microfoon kon niet worden gestart.
call-microphone-unsupported = Deze browser geeft microfoons alleen vrij aan beveiligde (https-)pagina’s.
call-camera-denied = De camera is geblokkeerd. Sta deze toe in de adresbalk om gezien te worden.
call-camera-missing = Geen camera gevonden. U kunt zonder camera deelnemen.
call-camera-busy = De camera wordt door een ander programma gebruikt.
call-camera-failed = De camera kon niet worden gestart.
call-camera-unsupported = Deze browser geeft camera’s alleen vrij aan beveiligde (https-)pagina’s.
call-devices-denied = Camera en microfoon zijn geblokkeerd. U kunt zonder deelnemen; anderen zien en horen u dan niet.
call-devices-again = Opnieuw proberen
call-allow-how = Zo geeft u toestemming
call-allow-chromium = Klik op het pictogram links van het adres, schakel camera en microfoon in en kom hier terug. Blijven ze geblokkeerd, controleer dan de privacyinstellingen van uw computer.
call-allow-firefox = Klik op het doorgestreepte pictogram links van het adres, hef de blokkering op en kies ‘Opnieuw proberen’. Blijft die bestaan, controleer dan de privacyinstellingen van uw computer.
call-allow-safari = Open in het Safari-menu ‘Instellingen voor deze website’, sta camera en microfoon toe en laad de pagina opnieuw.
call-allow-other = Open in uw browser de instellingen van deze pagina, sta camera en microfoon toe en kies ‘Opnieuw proberen’.

## Network check

call-network = Verbinding
call-network-lead = Controleer of bellen vanaf hier werkt.
call-network-check = Controleren
call-network-again = Opnieuw controleren
call-network-checking = Uw verbinding wordt gecontroleerd …
call-network-step-service = De dienst wordt gezocht
call-network-step-signaling = Een sessie wordt geopend
call-network-step-media = Audio en video worden geprobeerd
call-network-good = Goede verbinding
call-network-fair = Bruikbare verbinding
call-network-poor = Slechte verbinding
call-network-failed = Geen bruikbare verbinding
call-network-fine = Audio en video zouden goed moeten werken.
call-network-slow = Antwoorden duren wat lang. U merkt mogelijk korte vertragingen.
call-network-far = Antwoorden duren erg lang. Reken op vertragingen; probeer een ander netwerk of zet video uit.
call-network-tcp = Uw netwerk laat media alleen via TCP door. Audio en video kunnen haperen.
call-network-no-media = Audio en video komen niet door. Mogelijk houdt een firewall ze tegen; probeer een ander netwerk.
call-network-no-session = De dienst antwoordt, maar gesprekken komen niet door. Mogelijk blokkeert een proxy WebSockets; probeer een ander netwerk.
call-network-unreachable = De dienst is niet bereikbaar. Controleer uw internetverbinding.
call-network-rtt = Retourtijd { $ms } ms
call-network-over = via { $protocol }
call-network-signaling-only = audio en video zijn niet geprobeerd

## Waiting

call-joining = Deelnemen …
call-joining-text = Er wordt verbinding gemaakt met de vergadering.
call-lobby = U bent in de lobby
call-lobby-start = U bent in de lobby. De vergadering is nog niet begonnen; u komt binnen zodra ze begint.
call-lobby-admit = U bent in de lobby. Iemand in de vergadering moet u toelaten.
call-lobby-reconnecting = De verbinding is verbroken. Er wordt opnieuw verbinding gemaakt …

## In the call

call-meeting = Vergadering
call-title-waiting = ({ $count } wachten) { $subject } · Anteroom
call-entered = U neemt deel aan de vergadering.
call-controls = Gespreksbesturing
call-mute = Dempen
call-unmute = Dempen opheffen
call-muted = gedempt
call-muted-speaking = U bent gedempt. Druk op { $keys } om het dempen op te heffen.
call-talking = Uw microfoon staat aan zolang u de spatiebalk ingedrukt houdt.
call-camera-start = Video starten
call-camera-stop = Video stoppen
call-cameras = Camera kiezen
call-microphones = Microfoon en luidspreker kiezen
call-share = Delen
call-share-screen = Scherm delen
call-share-stop = Delen stoppen
call-share-stop-screen = Scherm niet meer delen
call-share-failed = Het scherm kon niet worden gedeeld.
call-sharing = U deelt uw scherm.
call-people = Personen
call-people-and-chat = Personen en chat
call-people-button = Personen, { $count } in de lobby
call-chat-button =
    { $count ->
        [one] Chat, { $count } ongelezen bericht
       *[other] Chat, { $count } ongelezen berichten
    }
call-leave = Verlaten
call-leave-meeting = Vergadering verlaten
call-end = Beëindigen
call-end-meeting = Vergadering voor iedereen beëindigen
call-end-question = Vergadering voor iedereen beëindigen?
call-end-consequence = De verbinding van alle deelnemers wordt verbroken en gasten raken de chat kwijt.
call-end-confirm = Vergadering beëindigen
call-guest-link = Gastlink
call-guest-link-copied = De link voor gasten is gekopieerd.
call-copy-failed = Kopiëren is mislukt.
call-reconnecting = Verbinding verbroken. Er wordt opnieuw verbinding gemaakt …
call-unlock = Klik om de anderen te horen
call-reacted = { $name }: { $reaction }
call-somebody = Iemand
call-you = U

## Pictures

call-pictures = Beelden van deelnemers
call-alone = Er is nog niemand anders.
call-own-camera = Uw camera
call-own-picture-move = Uw beeld. Sleep het naar een andere hoek of gebruik de pijltoetsen.
call-screen-of = Scherm van { $name }
call-tile-camera = Camera van { $name }
call-tile-hand = hand opgestoken, nummer { $place }
call-tile-reconnecting = Opnieuw verbinden …
call-pin = { $name } vastmaken
call-pin-short = Vastmaken
call-unpin = { $name } losmaken
call-unpin-short = Losmaken
call-page = { $page } van { $pages }
call-page-before = Vorige pagina
call-page-after = Volgende pagina
call-view = Weergave
call-layout-auto = Automatische indeling
call-layout-grid = Galerie
call-layout-speaker = Spreker
call-self-show = Mijn beeld weergeven
call-full-screen = Volledig scherm
call-full-screen-failed = Volledig scherm is hier niet mogelijk.
call-picture-in-picture = Beeld-in-beeld
call-picture-in-picture-failed = Beeld-in-beeld is op dit moment niet mogelijk.

## Chat

call-chat = Chat
call-chat-empty = Nog geen berichten. Voor gasten is de chat na het verlaten niet meer beschikbaar.
call-chat-messages = Berichten
call-chat-message = Bericht
call-chat-placeholder = Typ een bericht
call-chat-unavailable = Chat is niet beschikbaar
call-chat-send = Verzenden
call-chat-too-long = Dit bericht is te lang.
call-chat-new = Nieuw
call-chat-latest = Nieuwste berichten
call-chat-unread =
    { $count ->
        [one] { $count } nieuw bericht
       *[other] { $count } nieuwe berichten
    }
call-chat-edited = Bewerkt
call-chat-deleted = Dit bericht is verwijderd.
call-chat-typing =
    { $count ->
        [one] { $names } is aan het typen …
       *[other] { $names } zijn aan het typen …
    }
call-chat-typing-many = Meerdere personen zijn aan het typen …
call-chat-seen = Gezien door { $names }
call-chat-more =
    { $count ->
        [one] { $count } ander
       *[other] { $count } anderen
    }
call-chat-from = Bericht van { $name }: { $text }

## Quality and details

call-quality = Verbinding: { $quality }
call-quality-unknown = onbekend
call-quality-good = goed
call-quality-fair = matig
call-quality-poor = slecht
call-details = Verbindingsdetails
call-details-measuring = Er wordt gemeten …
call-details-none = Er is op dit moment geen mediaverbinding.
call-details-copy = Kopiëren
call-details-copied = De details zijn gekopieerd.
call-details-state = Status
call-details-transport = Transport
call-details-up = Verzonden
call-details-down = Ontvangen
call-details-available = Beschikbaar om te verzenden
call-details-streams = Stromen
call-details-track = Stroom
call-details-bitrate = Bitrate
call-details-picture = Beeld
call-details-loss = Verlies
call-details-jitter = Jitter
call-details-rtt = Retourtijd
call-details-codec = Codec
call-details-in = ontvangen
call-details-out = verzonden
call-details-audio = audio
call-details-video = video
call-details-limited-cpu = (beperkt door deze computer)
call-details-limited-bandwidth = (beperkt door het netwerk)
call-details-kbit = { $rate } kbit/s
call-details-mbit = { $rate } Mbit/s
call-details-ms = { $ms } ms

## Settings and keys

call-settings = Instellingen
call-settings-devices = Apparaten
call-settings-look = Uiterlijk
call-theme = Uiterlijk
call-theme-system = Systeem
call-theme-light = Licht
call-theme-dark = Donker
call-shortcuts = Sneltoetsen
call-key-mute = Dempen of dempen opheffen
call-key-camera = Camera aan of uit
call-key-share = Scherm delen of delen stoppen
call-key-hand = Hand opsteken of laten zakken
call-key-space = Spatiebalk
call-key-talk = Microfoon aan zolang ingedrukt
call-key-list = Deze lijst
