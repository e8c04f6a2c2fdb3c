## Before the call

call-join-title = Anslut till möte
call-join-meeting = Anslut till mötet
call-join-room = Gå in i rummet
call-join-meeting-lead = Du ansluter som gäst. Någon i mötet kan behöva släppa in dig.
call-join-room-lead = Du går in i ett rum som du är inbjuden till.
call-join = Anslut nu
call-name = Ditt namn
call-name-placeholder = Så ser andra dig
call-name-missing = Ange ditt namn.
call-link = Möteslänk
call-link-empty = Klistra in länken från din inbjudan.
call-link-long = Texten är för lång för att vara en möteslänk.
call-link-malformed = Det är ingen fullständig länk. Kopiera den en gång till från inbjudan, från https:// till slutet.
call-link-scheme = En möteslänk börjar med https://.
call-link-government = Mötet finns i ett myndighetsmoln och går inte att ansluta till härifrån.
call-link-other-page = Länken går till en annan sida i Teams, inte till ett möte.
call-link-not-meeting = Länken går till en sida här, inte till ett möte.
call-link-unknown-host = Det ser inte ut som en länk till ett möte.
call-preview = Kamera och mikrofon
call-preview-asking = Webbläsaren frågar efter kamera och mikrofon …
call-preview-none = Ingen bild
call-preview-off = Din kamera är av
call-level = Mikrofonnivå
call-camera = Kamera
call-microphone = Mikrofon
call-speaker = Högtalare
call-speaker-system = Systemets högtalare
call-speaker-named = Högtalare: { $name }
call-speaker-test = Testa ljud
call-speaker-playing = Spelas upp …
call-speaker-failed = Inget ljud. Försök igen
call-microphone-denied = Mikrofonen är blockerad. Tillåt den i adressfältet för att höras.
call-microphone-missing = Ingen mikrofon hittades. Du kan ändå lyssna och chatta.
call-microphone-busy = Mikrofonen används av ett annat program.
call-microphone-failed = Mikrofonen kunde inte startas.
call-microphone-unsupported = Webbläsaren ger bara säkra sidor (https) tillgång till mikrofoner.
call-camera-denied = Kameran är blockerad. Tillåt den i adressfältet för att synas.
call-camera-missing = Ingen kamera hittades. Du kan ansluta utan.
call-camera-busy = Kameran används av ett annat program.
call-camera-failed = Kameran kunde inte startas.
call-camera-unsupported = Webbläsaren ger bara säkra sidor (https) tillgång till kameror.
call-devices-denied = Kamera och mikrofon är blockerade. Du kan ansluta utan dem; då varken syns eller hörs du.
call-devices-again = Försök igen
call-allow-how = Så tillåter du dem
call-allow-chromium = Klicka på ikonen till vänster om adressen, slå på kamera och mikrofon och kom tillbaka hit. Kontrollera datorns sekretessinställningar om de fortfarande är blockerade.
call-allow-firefox = Klicka på den överstrukna ikonen till vänster om adressen, ta bort blockeringen och välj ”Försök igen”. Kontrollera datorns sekretessinställningar om den finns kvar.
call-allow-safari = Öppna ”Inställningar för den här webbplatsen” i Safaris meny, tillåt kamera och mikrofon och läs in sidan igen.
call-allow-other = Öppna sidans inställningar i webbläsaren, tillåt kamera och mikrofon och välj ”Försök igen”.

## Network check

call-network = Anslutning
call-network-lead = Kontrollera om samtal fungerar där du är.
call-network-check = Kontrollera
call-network-again = Kontrollera igen
call-network-checking = Din anslutning kontrolleras …
call-network-step-service = Söker tjänsten
call-network-step-signaling = Öppnar en session
call-network-step-media = Provar ljud och video
call-network-good = Bra anslutning
call-network-fair = Användbar anslutning
call-network-poor = Dålig anslutning
call-network-failed = Ingen användbar anslutning
call-network-fine = Ljud och video bör fungera bra.
call-network-slow = Svaren tar lite lång tid. Du kan märka korta fördröjningar.
call-network-far = Svaren tar mycket lång tid. Räkna med fördröjningar; prova ett annat nätverk eller stäng av videon.
call-network-tcp = Ditt nätverk släpper bara igenom media över TCP. Ljud och video kan hacka.
call-network-no-media = Ljud och video kommer inte fram. En brandvägg kan stoppa dem; prova ett annat nätverk.
call-network-no-session = Tjänsten svarar, men samtal kommer inte fram. En proxy kan stoppa WebSockets; prova ett annat nätverk.
call-network-unreachable = Tjänsten går inte att nå. Kontrollera din internetanslutning.
call-network-rtt = Svarstid { $ms } ms
call-network-over = över { $protocol }
call-network-signaling-only = ljud och video provades inte

## Waiting

call-joining = Ansluter …
call-joining-text = Ansluter till mötet.
call-lobby = Du är i lobbyn
call-lobby-start = Du är i lobbyn. Mötet har inte börjat än; du kommer in så snart det gör det.
call-lobby-admit = Du är i lobbyn. Någon i mötet måste släppa in dig.
call-lobby-reconnecting = Anslutningen bröts. Återansluter …

## In the call

call-meeting = Möte
call-title-waiting = ({ $count } väntar) { $subject } · Anteroom
call-entered = Du är med i mötet.
call-controls = Samtalskontroller
call-mute = Stäng av ljud
call-unmute = Slå på ljud
call-muted = ljudet avstängt
call-muted-speaking = Ditt ljud är av. Tryck på { $keys } för att slå på det.
call-talking = Ditt ljud är på så länge du håller ned blanksteg.
call-camera-start = Starta video
call-camera-stop = Stoppa video
call-cameras = Välj kamera
call-microphones = Välj mikrofon och högtalare
call-share = Dela
call-share-screen = Dela en skärm
call-share-stop = Sluta dela
call-share-stop-screen = Sluta dela skärmen
call-share-failed = Skärmen kunde inte delas.
call-sharing = Du delar din skärm.
call-people = Personer
call-people-and-chat = Personer och chatt
call-people-button = Personer, { $count } väntar i lobbyn
call-chat-button =
    { $count ->
        [one] Chatt, { $count } oläst meddelande
       *[other] Chatt, { $count } olästa meddelanden
    }
call-leave = Lämna
call-leave-meeting = Lämna mötet
call-end = Avsluta
call-end-meeting = Avsluta mötet för alla
call-end-question = Vill du avsluta mötet för alla?
call-end-consequence = Alla deltagare kopplas från och gäster förlorar chatten.
call-end-confirm = Avsluta mötet
call-guest-link = Gästlänk
call-guest-link-copied = Länken för gäster har kopierats.
call-copy-failed = Det gick inte att kopiera.
call-reconnecting = Anslutningen bröts. Återansluter …
call-unlock = Klicka för att höra de andra
call-reacted = { $name }: { $reaction }
call-somebody = Någon
call-you = Du

## Pictures

call-pictures = Deltagarnas bilder
call-alone = Ingen annan är här än.
call-own-camera = Din kamera
call-own-picture-move = Din bild. Dra den till ett annat hörn eller använd piltangenterna.
call-screen-of = Skärm från { $name }
call-tile-camera = Kamera från { $name }
call-tile-hand = handen uppe, nummer { $place }
call-tile-reconnecting = Återansluter …
call-pin = Fäst { $name }
call-pin-short = Fäst
call-unpin = Lossa { $name }
call-unpin-short = Lossa
call-page = { $page } av { $pages }
call-page-before = Föregående sida
call-page-after = Nästa sida
call-view = Visa
call-layout-auto = Automatisk layout
call-layout-grid = Galleri
call-layout-speaker = Talare
call-self-show = Visa min bild
call-full-screen = Helskärm
call-full-screen-failed = Helskärm går inte här.
call-picture-in-picture = Bild i bild
call-picture-in-picture-failed = Bild i bild går inte just nu.

## Chat

call-chat = Chatt
call-chat-empty = Inga meddelanden än. Chatten är borta för gäster när de har lämnat mötet.
call-chat-messages = Meddelanden
call-chat-message = Meddelande
call-chat-placeholder = Skriv ett meddelande
call-chat-unavailable = Chatten är inte tillgänglig
call-chat-send = Skicka
call-chat-too-long = Meddelandet är för långt.
call-chat-new = Nytt
call-chat-latest = Senaste meddelanden
call-chat-unread =
    { $count ->
        [one] { $count } nytt meddelande
       *[other] { $count } nya meddelanden
    }
call-chat-edited = Redigerat
call-chat-deleted = Meddelandet har tagits bort.
call-chat-typing =
    { $count ->
        [one] { $names } skriver …
       *[other] { $names } skriver …
    }
call-chat-typing-many = Flera personer skriver …
call-chat-seen = Sett av { $names }
call-chat-more =
    { $count ->
        [one] { $count } till
       *[other] { $count } till
    }
call-chat-from = Meddelande från { $name }: { $text }

## Quality and details

call-quality = Anslutning: { $quality }
call-quality-unknown = okänd
call-quality-good = bra
call-quality-fair = medel
call-quality-poor = dålig
call-details = Anslutningsinformation
call-details-measuring = Mäter …
call-details-none = Det finns ingen medieanslutning just nu.
call-details-copy = Kopiera
call-details-copied = Informationen har kopierats.
call-details-state = Status
call-details-transport = Transport
call-details-up = Skickat
call-details-down = Mottaget
call-details-available = Tillgängligt för att skicka
call-details-streams = Strömmar
call-details-track = Ström
call-details-bitrate = Bithastighet
call-details-picture = Bild
call-details-loss = Förlust
call-details-jitter = Jitter
call-details-rtt = Svarstid
call-details-codec = Kodek
call-details-in = mottaget
call-details-out = skickat
call-details-audio = ljud
call-details-video = video
call-details-limited-cpu = (begränsad av datorn)
call-details-limited-bandwidth = (begränsad av nätverket)
call-details-kbit = { $rate } kbit/s
call-details-mbit = { $rate } Mbit/s
call-details-ms = { $ms } ms

## Settings and keys

call-settings = Inställningar
call-settings-devices = Enheter
call-settings-look = Utseende
call-theme = Utseende
call-theme-system = System
call-theme-light = Ljust
call-theme-dark = Mörkt
call-shortcuts = Kortkommandon
call-key-mute = Stäng av eller slå på ljudet
call-key-camera = Kamera på eller av
call-key-share = Dela skärmen eller sluta dela
call-key-hand = Räck upp eller ta ned handen
call-key-space = Blanksteg
call-key-talk = Ljudet på så länge den hålls ned
call-key-list = Den här listan
