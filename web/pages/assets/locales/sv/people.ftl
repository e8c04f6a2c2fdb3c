## The list of people

people-title = Personer
people-title-count = Personer · { $count }
people-search = Sök efter personer
people-none-found = Ingen här har det namnet.
people-you = Du
people-reconnecting = återansluter …
people-external = Extern
people-unverified = Overifierad
people-role-organizer = Organisatör
people-role-co-organizer = Medorganisatör
people-role-presenter = Presentatör
people-role-attendee = Deltagare
people-role-consumer = Åskådare
people-role-collaborator = Medarbetare
people-state-hand = räcker upp handen, nummer { $place }
people-state-spotlight = i rampljuset
people-state-screen = delar en skärm
people-state-muted = ljudet av
people-state-mic = mikrofon på
people-state-camera = kamera på
people-state-camera-off = kamera av
people-more-about = Mer om { $name }
people-mute = Stäng av ljudet
people-lower-hand = Ta ned handen
people-spotlight = Placera i rampljuset
people-unspotlight = Ta bort från rampljuset
people-forbid-mic = Inaktivera mikrofonen
people-allow-mic = Tillåt mikrofonen
people-forbid-camera = Inaktivera kameran
people-allow-camera = Tillåt kameran
people-make-presenter = Gör till presentatör
people-make-attendee = Gör till deltagare
people-make-co-organizer = Gör till medorganisatör
people-remove = Ta bort från mötet
people-remove-name = Ta bort { $name } från mötet

## The lobby

people-lobby = Väntar i lobbyn
people-lobby-count = I lobbyn · { $count }
people-lobby-beyond =
    { $count ->
        [one] { $count } till väntar
       *[other] { $count } till väntar
    }
people-waits = vill ansluta
people-waits-minutes = har väntat i { $minutes } min
people-admit = Släpp in
people-admit-name = Släpp in { $name }
people-admit-all = Släpp in alla
people-reject = Neka
people-reject-name = Neka { $name }

## Said to screen readers

people-said-joined =
    { $count ->
        [one] { $people } har anslutit.
       *[other] { $people } har anslutit.
    }
people-said-left =
    { $count ->
        [one] { $people } har lämnat mötet.
       *[other] { $people } har lämnat mötet.
    }
people-said-hand =
    { $count ->
        [one] { $people } räcker upp handen.
       *[other] { $people } räcker upp handen.
    }
people-said-waiting =
    { $count ->
        [one] { $people } väntar i lobbyn.
       *[other] { $people } väntar i lobbyn.
    }

## Hand and reactions

people-raise = Räck upp
people-lower = Ta ned
people-raise-hand = Räck upp handen
people-lower-own-hand = Ta ned handen
people-why-not = { $what }: { $why }
people-react = Reagera
people-reaction-like = Gilla
people-reaction-love = Hjärta
people-reaction-applause = Applåd
people-reaction-laugh = Skratt
people-reaction-surprised = Förvånad

## The whole meeting

people-more = Mer
people-meeting-menu = Mer för det här mötet
people-start-meeting = Starta mötet
people-lock = Lås mötet
people-unlock = Lås upp mötet
people-mute-all = Stäng av ljudet för alla
people-forbid-mics = Inaktivera deltagarnas mikrofoner
people-allow-mics = Tillåt deltagarnas mikrofoner
people-forbid-cameras = Inaktivera deltagarnas kameror
people-allow-cameras = Tillåt deltagarnas kameror
people-clear-spotlight = Rensa rampljuset
people-recording-on = Inspelning pågår
people-recording-stopped = Inspelningen har stoppats
people-recording-tells = Meddelar alla. Tjänsten själv spelar inte in något.
people-transcription-on = Transkribering pågår
people-transcription-stopped = Transkriberingen har stoppats
people-transcription-tells = Meddelar alla. Tjänsten själv transkriberar inget.
people-rename = Ändra mitt namn
people-rename-title = Ändra ditt namn
people-rename-label = Namnet som andra ser
people-rename-confirm = Ändra

## What everybody has to know

people-recorded = Mötet spelas in.
people-transcribed = Mötet transkriberas.
people-recorded-and-transcribed = Mötet spelas in och transkriberas.
people-green-room = Deltagare väntar: mötet har inte börjat.
people-locked = Mötet är låst.
people-consent-missing = Ingen hör eller ser dig förrän du samtycker.
people-consent-open = Samtyck …
people-consent-title = Samtycker du till att spelas in?
people-consent-text = Mötet spelas in eller transkriberas. Tills du samtycker kan du titta och lyssna, men inte tala, visa din kamera eller dela. Ditt svar gäller för det här samtalet.
people-consent-later = Inte nu
people-consent-grant = Jag samtycker

## Options

people-meeting-options = Mötesalternativ
people-options-saved = Mötesalternativen har sparats.
people-options-not-yours = Bara organisatören kan ändra alternativen för det här mötet.
people-option-bypass = Vem kan kringgå lobbyn?
people-option-bypass-everyone = Alla
people-option-bypass-federated = Personer i min organisation och betrodda organisationer
people-option-bypass-organization = Personer i min organisation och gäster
people-option-bypass-no-guests = Personer i min organisation
people-option-bypass-invited = Personer som bjudits in
people-option-only-organizers = Bara organisatörer och medorganisatörer
people-option-everyone = Alla
people-option-admitters = Vem kan släppa in från lobbyn?
people-option-admitters-presenters = Organisatörer, medorganisatörer och presentatörer
people-option-presenters = Vem kan presentera?
people-option-presenters-organization = Personer i min organisation
people-option-presenters-chosen = Specifika personer
people-option-chat = Möteschatt
people-option-chat-enabled = På
people-option-chat-limited = Bara under mötet
people-option-chat-disabled = Av
people-option-mic = Tillåt mikrofon för deltagare
people-option-camera = Tillåt kamera för deltagare
people-option-reactions = Tillåt reaktioner
people-option-names = Låt personer ändra sitt namn
people-option-announce = Meddela när någon ansluter eller lämnar
people-option-encryption = End-to-end-kryptering (gäster kan inte ansluta)

## Why something cannot be done

people-not-capable = Gäster kan inte göra det här.
people-policy-restricted = Organisatörens princip tillåter inte det här.
people-meeting-restricted = Det här är avstängt i mötet.
people-role-restricted = Din roll i mötet tillåter inte det här.
people-consent-first = Samtyck först till inspelningen.
people-not-available = Det här är inte tillgängligt här.
people-not-in-this-call = Det här är inte tillgängligt i den här typen av samtal.
people-not-now = Du kan inte göra det här just nu.

## What happened

people-notice-muted-by = { $name } stängde av ditt ljud.
people-notice-muted = Någon stängde av ditt ljud.
people-notice-media-trouble = Ljud eller bild kunde inte upprättas. Lämna mötet och anslut igen om det inte kommer tillbaka.
people-refused-unknown = Det gick inte. Försök igen.
people-refused-rate-limited = Det gick för fort. Vänta en stund.
people-refused-too-many = Fler är inte möjligt.
people-refused-not-allowed = Du har inte behörighet att göra det här.
people-refused-unknown-participant = Personen är inte längre i mötet.
people-refused-not-in-call = Du måste vara i mötet för det här.
people-refused-meeting-full = Mötet är fullt.
people-refused-too-large = Meddelandet är för långt.
people-refused-bad-display-name = Namnet måste ha 1 till 256 tecken som kan visas.
people-refused-busy = Tjänsten är upptagen. Försök igen.
people-refused-muted = Ditt ljud har stängts av under tiden; slå på det igen.

## The end

people-join-again = Anslut igen
people-try-again = Försök igen
people-end-code = Kod { $code }
people-end-over = Samtalet är slut
people-end-refused = Du kunde inte ansluta
people-end-left = Du har lämnat mötet
people-end-ended = Mötet har avslutats
people-end-removed = Du togs bort från mötet
people-end-lobby-denied = Du blev inte insläppt
people-end-lobby-timeout = Ingen släppte in dig
people-end-meeting-not-found = Mötet hittades inte
people-end-bad-locator = Det här är ingen möteslänk
people-end-bad-display-name = Namnet kan inte användas
people-end-government-cloud = Det går inte att ansluta till mötet härifrån
people-end-anonymous-join-disabled = Gäster kan inte ansluta till mötet
people-end-unauthenticated = Din åtkomst har gått ut
people-end-connection-lost = Anslutningen bröts
people-end-service-stopping = Tjänsten startas om
people-why-left = Du har lämnat mötet.
people-why-ended = Organisatören avslutade mötet för alla.
people-why-connection-lost = Anslutningen till mötet bröts och kunde inte återställas.
people-why-refused = Tjänsten avslog begäran att ansluta.
people-why-removed = Du togs bort från mötet.
people-why-lobby-denied = Din begäran att ansluta avböjdes.
people-why-lobby-timeout = Ingen släppte in dig från lobbyn i tid.
people-why-meeting-not-found = Mötet finns inte, har gått ut eller så är lösenordet fel.
people-why-bad-locator = Det här är ingen länk till ett möte som det går att ansluta till.
people-why-bad-display-name = Namnet måste ha 1 till 256 tecken som kan visas.
people-why-too-many-attempts = Det har gjorts för många misslyckade försök att hitta ett möte. Försök igen senare.
people-why-protocol-violation = Appen skickade något som inte förväntades här.
people-why-anonymous-join-disabled = Organisatören eller organisationen låter inte gäster ansluta till mötet.
people-why-client-type-blocked = Organisatören låter inte gäster ansluta med den här typen av app.
people-why-federation-required = Organisationen godtar bara gäster från betrodda appar.
people-why-resource-not-allowed = Organisationen litar inte på den här appen.
people-why-federation-disabled-for-organizer = Organisatören godtar inte gäster från den här appen.
people-why-kind-not-supported = Gäster kan inte ansluta till den här typen av möte.
people-why-e2ee = Gäster kan inte ansluta till möten med end-to-end-kryptering.
people-why-government-cloud = Det går inte att ansluta till möten i myndighetsmolnet härifrån.
people-why-cloud-not-supported = Det går inte att ansluta till möten i det här molnet härifrån.
people-why-meeting-locked = Mötet är låst.
people-why-meeting-full = Mötet är fullt.
people-why-captcha-required = Mötet kräver en kontroll av gäster som den här appen inte kan visa.
people-why-group-users-only = Bara användare av appar kan ansluta till gruppsamtal.
people-why-group-not-started = Samtalet har inte börjat.
people-why-room-not-found = Rummet finns inte.
people-why-room-not-invited = Du är inte inbjuden till rummet.
people-why-room-not-open = Rummet är inte öppet än.
people-why-room-over = Det går inte längre att ansluta till rummet.
people-why-room-closed = Rummet har stängts.
people-why-unauthenticated = Din åtkomst har gått ut eller gäller inte här.
people-why-media-lost = Anslutningen för ljud och bild bröts.
people-why-service-failure = Något gick fel på servern.
people-why-service-stopping = Tjänsten startas om.
