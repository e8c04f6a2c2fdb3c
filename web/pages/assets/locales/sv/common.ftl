common-app = Anteroom
common-language = Språk
common-cancel = Avbryt
common-close = Stäng
common-save = Spara
common-others =
    { $count ->
        [one] { $count } till
       *[other] { $count } till
    }

## Sign-in

common-sign-in = Logga in
common-sign-out = Logga ut
common-sign-in-with = Logga in med { $name }
common-user-name = Användarnamn
common-password = Lösenord
common-wrong-password = Användarnamnet och lösenordet stämmer inte överens.
common-sign-in-failed = Inloggningen misslyckades.

## What goes wrong

common-unreachable = Tjänsten kan inte nås. Kontrollera din anslutning och försök igen.
common-refused = Begäran avslogs.
common-no-token = Serverdelen gav ingen åtkomsttoken.
common-no-guest-tokens = Den här sidan har ingen serverdel som delar ut token till gäster. En app som bäddar in den öppnar den med en åtkomsttoken: { $address }

## The front page

common-status-asking = Kontrollerar …
common-status-running = Igång
common-status-not-ready = Inte redo
common-status-unreachable = Kan inte nås
common-home-lead = Gäster ansluter till möten i Teams-stil från din egen webbsida.
common-home-guest = Anslut som gäst
common-home-guest-text = Gästens app: namn, kamera och mikrofon, lobbyn, mötet och chatten.
common-home-teams = Teams-sidan
common-home-teams-text = Logga in som medarbetare, starta mötet, släpp in gäster från lobbyn.
common-home-open = Öppna →
common-surfaces = Vad som körs på { $address }
common-home-identity = Identitet
common-home-identity-text = Användare och åtkomsttoken, för identitets-SDK:erna i Azure Communication Services
common-home-chat = Chatt
common-home-chat-text = Mötets chatt, för chatt-SDK:erna i Azure Communication Services
common-home-calendar = Kalender
common-home-calendar-text = Inloggning och möten för kataloganvändare, i samma form som Microsoft Graph
common-home-calls = Samtal
common-home-calls-text = Signalering över WebSocket på /signaling, ljud och video över UDP
common-home-operations = Drift
