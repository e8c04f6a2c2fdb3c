common-app = Anteroom
common-language = Langue
common-cancel = Annuler
common-close = Fermer
common-save = Enregistrer
common-others =
    { $count ->
        [one] { $count } autre
       *[other] { $count } autres
    }

## Sign-in

common-sign-in = Se connecter
common-sign-out = Se déconnecter
common-sign-in-with = Se connecter avec { $name }
common-user-name = Nom d’utilisateur
common-password = Mot de passe
common-wrong-password = Ce nom d’utilisateur et ce mot de passe ne correspondent pas.
common-sign-in-failed = La connexion a échoué.

## What goes wrong

common-unreachable = Le service est injoignable. Vérifiez votre connexion et réessayez.
common-refused = La demande a été refusée.
common-no-token = Le serveur de l’application n’a pas fourni de jeton d’accès.
common-no-guest-tokens = Cette page n’a pas de serveur qui délivre des jetons aux invités. Une application qui l’intègre l’ouvre avec un jeton d’accès : { $address }

## The front page

common-status-asking = Vérification …
common-status-running = En service
common-status-not-ready = Pas prêt
common-status-unreachable = Injoignable
common-home-lead = Vos invités rejoignent des réunions à la manière de Teams depuis votre propre site.
common-home-guest = Rejoindre en tant qu’invité
common-home-guest-text = L’application de l’invité : nom, caméra et micro, salle d’attente, réunion et conversation.
common-home-teams = Le côté Teams
common-home-teams-text = Connectez-vous en tant que collaborateur, démarrez la réunion, admettez les invités qui patientent.
common-home-open = Ouvrir →
common-surfaces = Ce qui fonctionne sur { $address }
common-home-identity = Identité
common-home-identity-text = Utilisateurs et jetons d’accès, pour les kits SDK d’identité d’Azure Communication Services
common-home-chat = Conversation
common-home-chat-text = La conversation de la réunion, pour les kits SDK de conversation d’Azure Communication Services
common-home-calendar = Calendrier
common-home-calendar-text = Connexion et réunions des utilisateurs de l’annuaire, sous la forme de Microsoft Graph
common-home-calls = Appels
common-home-calls-text = Signalisation par WebSocket sur /signaling, audio et vidéo par UDP
common-home-operations = Exploitation
