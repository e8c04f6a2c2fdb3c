## The list of people

people-title = Personen
people-title-count = Personen · { $count }
people-search = Personen zoeken
people-none-found = Niemand hier heeft deze naam.
people-you = U
people-reconnecting = opnieuw verbinden …
people-external = Extern
people-unverified = Niet-geverifieerd
people-role-organizer = Organisator
people-role-co-organizer = Co-organisator
people-role-presenter = Presentator
people-role-attendee = Deelnemer
people-role-consumer = Kijker
people-role-collaborator = Medewerker
people-state-hand = hand opgestoken, nummer { $place }
people-state-spotlight = in de schijnwerpers
people-state-screen = deelt een scherm
people-state-muted = gedempt
people-state-mic = microfoon aan
people-state-camera = camera aan
people-state-camera-off = camera uit
people-more-about = Meer over { $name }
people-mute = Dempen
people-lower-hand = Hand laten zakken
people-spotlight = In de schijnwerpers zetten
people-unspotlight = Uit de schijnwerpers halen
people-forbid-mic = Microfoon uitschakelen
people-allow-mic = Microfoon toestaan
people-forbid-camera = Camera uitschakelen
people-allow-camera = Camera toestaan
people-make-presenter = Presentator maken
people-make-attendee = Deelnemer maken
people-make-co-organizer = Co-organisator maken
people-remove = Uit de vergadering verwijderen
people-remove-name = { $name } uit de vergadering verwijderen

## The lobby

people-lobby = In de lobby
people-lobby-count = In de lobby · { $count }
people-lobby-beyond =
    { $count ->
        [one] er wacht nog { $count } persoon
       *[other] er wachten nog { $count } personen
    }
people-waits = wil deelnemen
people-waits-minutes = wacht al { $minutes } min.
people-admit = Toelaten
people-admit-name = { $name } toelaten
people-admit-all = Iedereen toelaten
people-reject = Weigeren
people-reject-name = { $name } weigeren

## Said to screen readers

people-said-joined =
    { $count ->
        [one] { $people } neemt nu deel.
       *[other] { $people } nemen nu deel.
    }
people-said-left =
    { $count ->
        [one] { $people } heeft de vergadering verlaten.
       *[other] { $people } hebben de vergadering verlaten.
    }
people-said-hand =
    { $count ->
        [one] { $people } steekt de hand op.
       *[other] { $people } steken de hand op.
    }
people-said-waiting =
    { $count ->
        [one] { $people } wacht in de lobby.
       *[other] { $people } wachten in de lobby.
    }

## Hand and reactions

people-raise = Opsteken
people-lower = Laten zakken
people-raise-hand = Hand opsteken
people-lower-own-hand = Hand laten zakken
people-why-not = { $what }: { $why }
people-react = Reageren
people-reaction-like = Leuk
people-reaction-love = Geweldig
people-reaction-applause = Applaus
people-reaction-laugh = Lachen
people-reaction-surprised = Verrast

## The whole meeting

people-more = Meer
people-meeting-menu = Meer voor deze vergadering
people-start-meeting = Vergadering starten
people-lock = Vergadering vergrendelen
people-unlock = Vergadering ontgrendelen
people-mute-all = Iedereen dempen
people-forbid-mics = Microfoons van deelnemers uitschakelen
people-allow-mics = Microfoons van deelnemers toestaan
people-forbid-cameras = Camera’s van deelnemers uitschakelen
people-allow-cameras = Camera’s van deelnemers toestaan
people-clear-spotlight = Schijnwerpers uitzetten
people-recording-on = Opname loopt
people-recording-stopped = Opname is gestopt
people-recording-tells = Meldt het aan iedereen. De service zelf neemt niets op.
people-transcription-on = Transcriptie loopt
people-transcription-stopped = Transcriptie is gestopt
people-transcription-tells = Meldt het aan iedereen. De service zelf transcribeert niets.
people-rename = Mijn naam wijzigen
people-rename-title = Uw naam wijzigen
people-rename-label = Naam die anderen zien
people-rename-confirm = Wijzigen

## What everybody has to know

people-recorded = Deze vergadering wordt opgenomen.
people-transcribed = Deze vergadering wordt getranscribeerd.
people-recorded-and-transcribed = Deze vergadering wordt opgenomen en getranscribeerd.
people-green-room = Deelnemers wachten: de vergadering is nog niet begonnen.
people-locked = De vergadering is vergrendeld.
people-consent-missing = Niemand hoort of ziet u totdat u instemt.
people-consent-open = Instemmen …
people-consent-title = Stemt u in met de opname?
people-consent-text = Deze vergadering wordt opgenomen of getranscribeerd. Totdat u instemt, kunt u kijken en luisteren, maar niet spreken, uw camera tonen of iets delen. Uw antwoord geldt voor deze deelname.
people-consent-later = Niet nu
people-consent-grant = Ik stem in

## Options

people-meeting-options = Vergaderopties
people-options-saved = De vergaderopties zijn opgeslagen.
people-options-not-yours = Alleen de organisator kan de opties van deze vergadering wijzigen.
people-option-bypass = Wie kan de lobby omzeilen?
people-option-bypass-everyone = Iedereen
people-option-bypass-federated = Personen in mijn organisatie en vertrouwde organisaties
people-option-bypass-organization = Personen in mijn organisatie en gasten
people-option-bypass-no-guests = Personen in mijn organisatie
people-option-bypass-invited = Personen die zijn uitgenodigd
people-option-only-organizers = Alleen organisatoren en co-organisatoren
people-option-everyone = Iedereen
people-option-admitters = Wie kan vanuit de lobby toelaten?
people-option-admitters-presenters = Organisatoren, co-organisatoren en presentatoren
people-option-presenters = Wie kan presenteren?
people-option-presenters-organization = Personen in mijn organisatie
people-option-presenters-chosen = Specifieke personen
people-option-chat = Vergaderchat
people-option-chat-enabled = Aan
people-option-chat-limited = Alleen tijdens de vergadering
people-option-chat-disabled = Uit
people-option-mic = Microfoon toestaan voor deelnemers
people-option-camera = Camera toestaan voor deelnemers
people-option-reactions = Reacties toestaan
people-option-names = Personen hun naam laten wijzigen
people-option-announce = Aankondigen wanneer iemand deelneemt of weggaat
people-option-encryption = End-to-end-versleuteling (gasten kunnen niet deelnemen)

## Why something cannot be done

people-not-capable = Gasten kunnen dit niet.
people-policy-restricted = Het beleid van de organisator staat dit niet toe.
people-meeting-restricted = Dit is in deze vergadering uitgeschakeld.
people-role-restricted = Uw rol in deze vergadering staat dit niet toe.
people-consent-first = Stem eerst in met de opname.
people-not-available = Dit is hier niet beschikbaar.
people-not-in-this-call = Dit is niet beschikbaar in dit soort gesprek.
people-not-now = U kunt dit op dit moment niet doen.

## What happened

people-notice-muted-by = { $name } heeft u gedempt.
people-notice-muted = Iemand heeft u gedempt.
people-notice-media-trouble = Audio of video kon niet worden ingesteld. Verlaat de vergadering en neem opnieuw deel als het niet terugkomt.
people-refused-unknown = Dit is niet gelukt. Probeer het opnieuw.
people-refused-rate-limited = Dat ging te snel. Wacht even.
people-refused-too-many = Meer zijn er niet mogelijk.
people-refused-not-allowed = U mag dit niet doen.
people-refused-unknown-participant = Deze persoon neemt niet meer deel aan de vergadering.
people-refused-not-in-call = Hiervoor moet u in de vergadering zijn.
people-refused-meeting-full = De vergadering is vol.
people-refused-too-large = Het bericht is te lang.
people-refused-bad-display-name = De naam moet 1 tot 256 zichtbare tekens hebben.
people-refused-busy = De service is bezet. Probeer het opnieuw.
people-refused-muted = U bent intussen gedempt; hef het dempen weer op.

## The end

people-join-again = Opnieuw deelnemen
people-try-again = Opnieuw proberen
people-end-code = Code { $code }
people-end-over = Het gesprek is voorbij
people-end-refused = U kon niet deelnemen
people-end-left = U hebt de vergadering verlaten
people-end-ended = De vergadering is afgelopen
people-end-removed = U bent uit de vergadering verwijderd
people-end-lobby-denied = U bent niet toegelaten
people-end-lobby-timeout = Niemand heeft u toegelaten
people-end-meeting-not-found = Deze vergadering is niet gevonden
people-end-bad-locator = Dit is geen vergaderkoppeling
people-end-bad-display-name = Deze naam kan niet worden gebruikt
people-end-government-cloud = Aan deze vergadering kan hier niet worden deelgenomen
people-end-anonymous-join-disabled = Gasten kunnen niet deelnemen aan deze vergadering
people-end-unauthenticated = Uw toegang is verlopen
people-end-connection-lost = De verbinding is verbroken
people-end-service-stopping = De service wordt opnieuw gestart
people-why-left = U hebt de vergadering verlaten.
people-why-ended = De organisator heeft de vergadering voor iedereen beëindigd.
people-why-connection-lost = De verbinding met de vergadering is verbroken en kon niet worden hersteld.
people-why-refused = De service heeft het verzoek om deel te nemen geweigerd.
people-why-removed = U bent uit de vergadering verwijderd.
people-why-lobby-denied = Uw verzoek om deel te nemen is geweigerd.
people-why-lobby-timeout = Niemand heeft u op tijd vanuit de lobby toegelaten.
people-why-meeting-not-found = Deze vergadering bestaat niet, is verlopen of de wachtwoordcode is onjuist.
people-why-bad-locator = Dit is geen koppeling naar een vergadering waaraan kan worden deelgenomen.
people-why-bad-display-name = De naam moet 1 tot 256 zichtbare tekens hebben.
people-why-too-many-attempts = Er zijn te veel mislukte pogingen gedaan om een vergadering te vinden. Probeer het later opnieuw.
people-why-protocol-violation = De app heeft iets verzonden dat hier niet werd verwacht.
people-why-anonymous-join-disabled = De organisator of de organisatie laat geen gasten toe tot deze vergadering.
people-why-client-type-blocked = De organisator laat geen gasten toe met dit soort app.
people-why-federation-required = De organisatie accepteert alleen gasten van vertrouwde apps.
people-why-resource-not-allowed = De organisatie vertrouwt deze app niet.
people-why-federation-disabled-for-organizer = De organisator accepteert geen gasten van deze app.
people-why-kind-not-supported = Gasten kunnen niet deelnemen aan dit soort vergadering.
people-why-e2ee = Gasten kunnen niet deelnemen aan vergaderingen met end-to-end-versleuteling.
people-why-government-cloud = Aan vergaderingen van de overheidscloud kan hier niet worden deelgenomen.
people-why-cloud-not-supported = Aan vergaderingen van deze cloud kan hier niet worden deelgenomen.
people-why-meeting-locked = De vergadering is vergrendeld.
people-why-meeting-full = De vergadering is vol.
people-why-captcha-required = De vergadering vraagt gasten om een controle die deze app niet kan tonen.
people-why-group-users-only = Alleen gebruikers van apps kunnen deelnemen aan groepsgesprekken.
people-why-group-not-started = Het gesprek is nog niet begonnen.
people-why-room-not-found = Deze ruimte bestaat niet.
people-why-room-not-invited = U bent niet uitgenodigd voor deze ruimte.
people-why-room-not-open = De ruimte is nog niet open.
people-why-room-over = De ruimte is niet meer toegankelijk.
people-why-room-closed = De ruimte is gesloten.
people-why-unauthenticated = Uw toegang is verlopen of is hier niet geldig.
people-why-media-lost = De verbinding voor audio en video is verbroken.
people-why-service-failure = Er is iets misgegaan op de server.
people-why-service-stopping = De service wordt opnieuw gestart.
