## Before the call

call-join-title = Rejoindre une réunion
call-join-meeting = Rejoindre la réunion
call-join-room = Entrer dans la salle
call-join-meeting-lead = Vous participez en tant qu’invité. Il se peut qu’une personne de la réunion doive vous admettre.
call-join-room-lead = Vous entrez dans une salle à laquelle vous êtes invité.
call-join = Rejoindre maintenant
call-name = Votre nom
call-name-placeholder = Tel que les autres le verront
call-name-missing = Veuillez entrer votre nom.
call-link = Lien de la réunion
call-link-empty = Veuillez coller le lien de votre invitation.
call-link-long = Ce texte est trop long pour être un lien de réunion.
call-link-malformed = Ce lien n’est pas complet. Copiez-le de nouveau depuis l’invitation, de https:// jusqu’à la fin.
call-link-scheme = Un lien de réunion commence par https://.
call-link-government = Cette réunion se tient dans un cloud gouvernemental ; il n’est pas possible de la rejoindre d’ici.
call-link-other-page = Ce lien mène à une autre page de Teams, pas à une réunion.
call-link-not-meeting = Ce lien mène à une page d’ici, pas à une réunion.
call-link-unknown-host = Cela ne ressemble pas à un lien de réunion.
call-preview = Caméra et micro
call-preview-asking = Votre navigateur demande la caméra et le micro…
call-preview-none = Pas d’image
call-preview-off = Votre caméra est désactivée
call-level = Niveau du micro
call-camera = Caméra
call-microphone = Micro
call-speaker = Haut-parleur
call-speaker-system = Haut-parleur du système
call-speaker-named = Haut-parleur : { $name }
call-speaker-test = Tester le son
call-speaker-playing = Lecture…
call-speaker-failed = Pas de son. Réessayer
call-microphone-denied = Le micro est bloqué. Autorisez-le dans la barre d’adresse pour être entendu.
call-microphone-missing = Aucun micro trouvé. Vous pouvez tout de même écouter et utiliser la conversation.
call-microphone-busy = Le micro est utilisé par un autre programme.
call-microphone-failed = Le micro n’a pas pu être démarré.
call-microphone-unsupported = Ce navigateur ne donne accès au micro qu’aux pages sécurisées (https).
call-camera-denied = La caméra est bloquée. Autorisez-la dans la barre d’adresse pour être vu.
call-camera-missing = Aucune caméra trouvée. Vous pouvez participer sans caméra.
call-camera-busy = La caméra est utilisée par un autre programme.
call-camera-failed = La caméra n’a pas pu être démarrée.
call-camera-unsupported = Ce navigateur ne donne accès à la caméra qu’aux pages sécurisées (https).
call-devices-denied = La caméra et le micro sont bloqués. Vous pouvez participer sans eux ; les autres ne vous verront et ne vous entendront pas.
call-devices-again = Réessayer
call-allow-how = Comment les autoriser
call-allow-chromium = Cliquez sur l’icône à gauche de l’adresse, activez la caméra et le micro, puis revenez ici. S’ils restent bloqués, vérifiez les paramètres de confidentialité de votre ordinateur.
call-allow-firefox = Cliquez sur l’icône barrée à gauche de l’adresse, supprimez le blocage et choisissez « Réessayer ». S’il persiste, vérifiez les paramètres de confidentialité de votre ordinateur.
call-allow-safari = Ouvrez « Réglages pour ce site web » dans le menu de Safari, autorisez la caméra et le micro, puis rechargez la page.
call-allow-other = Ouvrez les paramètres de cette page dans votre navigateur, autorisez la caméra et le micro, puis choisissez « Réessayer ».

## Network check

call-network = Connexion
call-network-lead = Vérifiez si les appels fonctionnent d’où vous êtes.
call-network-check = Vérifier
call-network-again = Vérifier de nouveau
call-network-checking = Vérification de votre connexion…
call-network-step-service = Recherche du service
call-network-step-signaling = Ouverture d’une session
call-network-step-media = Essai de l’audio et de la vidéo
call-network-good = Bonne connexion
call-network-fair = Connexion utilisable
call-network-poor = Mauvaise connexion
call-network-failed = Aucune connexion utilisable
call-network-fine = L’audio et la vidéo devraient bien fonctionner.
call-network-slow = Les réponses sont un peu lentes. De courts décalages sont possibles.
call-network-far = Les réponses sont très lentes. Attendez-vous à des décalages ; essayez un autre réseau ou coupez la vidéo.
call-network-tcp = Votre réseau ne laisse passer les médias que par TCP. L’audio et la vidéo peuvent être saccadés.
call-network-no-media = L’audio et la vidéo ne passent pas. Un pare-feu les bloque peut-être ; essayez un autre réseau.
call-network-no-session = Le service répond, mais les appels ne passent pas. Un proxy bloque peut-être les WebSockets ; essayez un autre réseau.
call-network-unreachable = Le service est injoignable. Vérifiez votre connexion à Internet.
call-network-rtt = Aller-retour { $ms } ms
call-network-over = par { $protocol }
call-network-signaling-only = l’audio et la vidéo n’ont pas été essayés

## Waiting

call-joining = Connexion…
call-joining-text = Connexion à la réunion en cours.
call-lobby = Vous êtes dans la salle d’attente
call-lobby-start = Vous êtes dans la salle d’attente. La réunion n’a pas encore commencé ; vous entrerez dès qu’elle commencera.
call-lobby-admit = Vous êtes dans la salle d’attente. Une personne de la réunion doit vous admettre.
call-lobby-reconnecting = La connexion a été interrompue. Reconnexion…

## In the call

call-meeting = Réunion
call-title-waiting = ({ $count } en attente) { $subject } · Anteroom
call-entered = Vous êtes dans la réunion.
call-controls = Commandes de l’appel
call-mute = Couper le micro
call-unmute = Activer le micro
call-muted = micro coupé
call-muted-speaking = Votre micro est coupé. Appuyez sur { $keys } pour l’activer.
call-talking = Votre micro est activé tant que vous maintenez la barre d’espace.
call-camera-start = Activer la vidéo
call-camera-stop = Arrêter la vidéo
call-cameras = Choisir une caméra
call-microphones = Choisir le micro et le haut-parleur
call-share = Partager
call-share-screen = Partager un écran
call-share-stop = Arrêter le partage
call-share-stop-screen = Ne plus partager l’écran
call-share-failed = L’écran n’a pas pu être partagé.
call-sharing = Vous partagez votre écran.
call-people = Participants
call-people-and-chat = Participants et conversation
call-people-button = Participants, { $count } en salle d’attente
call-chat-button =
    { $count ->
        [one] Conversation, { $count } message non lu
       *[other] Conversation, { $count } messages non lus
    }
call-leave = Quitter
call-leave-meeting = Quitter la réunion
call-end = Terminer
call-end-meeting = Terminer la réunion pour tous
call-end-question = Terminer la réunion pour tous ?
call-end-consequence = Tous les participants sont déconnectés et les invités perdent la conversation.
call-end-confirm = Terminer la réunion
call-guest-link = Lien d’invité
call-guest-link-copied = Le lien pour les invités a été copié.
call-copy-failed = La copie a échoué.
call-reconnecting = Connexion perdue. Reconnexion…
call-unlock = Cliquez pour entendre les autres
call-reacted = { $name } : { $reaction }
call-somebody = Quelqu’un
call-you = Vous

## Pictures

call-pictures = Images des participants
call-alone = Il n’y a encore personne d’autre.
call-own-camera = Votre caméra
call-own-picture-move = Votre image. Faites-la glisser vers un autre coin ou utilisez les touches fléchées.
call-screen-of = Écran de { $name }
call-tile-camera = Caméra de { $name }
call-tile-hand = main levée, numéro { $place }
call-tile-reconnecting = Reconnexion…
call-pin = Épingler { $name }
call-pin-short = Épingler
call-unpin = Détacher { $name }
call-unpin-short = Détacher
call-page = { $page } sur { $pages }
call-page-before = Page précédente
call-page-after = Page suivante
call-view = Affichage
call-layout-auto = Disposition automatique
call-layout-grid = Galerie
call-layout-speaker = Intervenant
call-self-show = Afficher mon image
call-full-screen = Plein écran
call-full-screen-failed = Le plein écran n’est pas possible ici.
call-picture-in-picture = Image dans l’image
call-picture-in-picture-failed = L’image dans l’image n’est pas possible pour le moment.

## Chat

call-chat = Conversation
call-chat-empty = Aucun message pour le moment. Les invités n’ont plus accès à la conversation après leur départ.
call-chat-messages = Messages
call-chat-message = Message
call-chat-placeholder = Tapez un message
call-chat-unavailable = La conversation n’est pas disponible
call-chat-send = Envoyer
call-chat-too-long = Ce message est trop long.
call-chat-new = Nouveau
call-chat-latest = Derniers messages
call-chat-unread =
    { $count ->
        [one] { $count } nouveau message
       *[other] { $count } nouveaux messages
    }
call-chat-edited = Modifié
call-chat-deleted = Ce message a été supprimé.
call-chat-typing =
    { $count ->
        [one] { $names } écrit…
       *[other] { $names } écrivent…
    }
call-chat-typing-many = Plusieurs personnes écrivent…
call-chat-seen = Vu par { $names }
call-chat-more =
    { $count ->
        [one] { $count } autre
       *[other] { $count } autres
    }
call-chat-from = Message de { $name } : { $text }

## Quality and details

call-quality = Connexion : { $quality }
call-quality-unknown = inconnue
call-quality-good = bonne
call-quality-fair = moyenne
call-quality-poor = mauvaise
call-details = Détails de la connexion
call-details-measuring = Mesure en cours…
call-details-none = Il n’y a pas de connexion média pour le moment.
call-details-copy = Copier
call-details-copied = Les détails ont été copiés.
call-details-state = État
call-details-transport = Transport
call-details-up = Envoyé
call-details-down = Reçu
call-details-available = Disponible pour l’envoi
call-details-streams = Flux
call-details-track = Flux
call-details-bitrate = Débit
call-details-picture = Image
call-details-loss = Pertes
call-details-jitter = Gigue
call-details-rtt = Aller-retour
call-details-codec = Codec
call-details-in = reçu
call-details-out = envoyé
call-details-audio = audio
call-details-video = vidéo
call-details-limited-cpu = (limité par cet ordinateur)
call-details-limited-bandwidth = (limité par le réseau)
call-details-kbit = { $rate } kbit/s
call-details-mbit = { $rate } Mbit/s
call-details-ms = { $ms } ms

## Settings and keys

call-settings = Paramètres
call-settings-devices = Appareils
call-settings-look = Apparence
call-theme = Apparence
call-theme-system = Système
call-theme-light = Clair
call-theme-dark = Sombre
call-shortcuts = Raccourcis clavier
call-key-mute = Couper ou activer le micro
call-key-camera = Activer ou désactiver la caméra
call-key-share = Partager un écran ou arrêter
call-key-hand = Lever ou baisser la main
call-key-space = Espace
call-key-talk = Micro activé tant qu’elle est maintenue
call-key-list = Cette liste
