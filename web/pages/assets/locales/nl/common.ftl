common-app = Anteroom
common-language = Taal
common-cancel = Annuleren
common-close = Sluiten
common-save = Opslaan
common-others =
    { $count ->
        [one] { $count } andere
       *[other] { $count } anderen
    }

## Sign-in

common-sign-in = Aanmelden
common-sign-out = Afmelden
common-sign-in-with = Aanmelden met { $name }
common-user-name = Gebruikersnaam
common-password = Wachtwoord
common-wrong-password = Deze gebruikersnaam en dit wachtwoord horen niet bij elkaar.
common-sign-in-failed = Het aanmelden is mislukt.

## What goes wrong

common-unreachable = De service is niet bereikbaar. Controleer uw verbinding en probeer het opnieuw.
common-refused = Het verzoek is geweigerd.
common-no-token = De back-end heeft geen toegangstoken gegeven.
common-no-guest-tokens = Deze pagina heeft geen back-end die tokens voor gasten uitgeeft. Een app die de pagina insluit, opent haar met een toegangstoken: { $address }

## The front page

common-status-asking = Wordt gecontroleerd …
common-status-running = Actief
common-status-not-ready = Niet gereed
common-status-unreachable = Niet bereikbaar
common-home-lead = Gasten nemen vanaf uw eigen webpagina deel aan vergaderingen in de stijl van Teams.
common-home-guest = Als gast deelnemen
common-home-guest-text = De app voor gasten: naam, camera en microfoon, de lobby, de vergadering en de chat.
common-home-teams = De Teams-kant
common-home-teams-text = Als medewerker aanmelden, de vergadering starten, gasten vanuit de lobby toelaten.
common-home-open = Openen →
common-surfaces = Wat er draait op { $address }
common-home-identity = Identiteit
common-home-identity-text = Gebruikers en toegangstokens, voor de identiteits-SDK’s van Azure Communication Services
common-home-chat = Chat
common-home-chat-text = De chat van de vergadering, voor de chat-SDK’s van Azure Communication Services
common-home-calendar = Agenda
common-home-calendar-text = Aanmelding en vergaderingen van gebruikers in de directory, in de vorm van Microsoft Graph
common-home-calls = Gesprekken
common-home-calls-text = Signalering via WebSocket op /signaling, audio en video via UDP
common-home-operations = Beheer
