## The list of people

people-title = Participants
people-title-count = Participants · { $count }
people-search = Rechercher des participants
people-none-found = Personne ici ne porte ce nom.
people-you = Vous
people-reconnecting = reconnexion …
people-external = Externe
people-unverified = Non vérifié
people-role-organizer = Organisateur
people-role-co-organizer = Co-organisateur
people-role-presenter = Présentateur
people-role-attendee = Participant
people-role-consumer = Spectateur
people-role-collaborator = Collaborateur
people-state-hand = main levée, numéro { $place }
people-state-spotlight = mis en avant
people-state-screen = partage un écran
people-state-muted = micro coupé
people-state-mic = micro activé
people-state-camera = caméra activée
people-state-camera-off = caméra désactivée
people-more-about = Plus d’options pour { $name }
people-mute = Désactiver le micro
people-lower-hand = Baisser la main
people-spotlight = Mettre en avant
people-unspotlight = Ne plus mettre en avant
people-forbid-mic = Bloquer le micro
people-allow-mic = Autoriser le micro
people-forbid-camera = Bloquer la caméra
people-allow-camera = Autoriser la caméra
people-make-presenter = Nommer présentateur
people-make-attendee = Définir comme participant
people-make-co-organizer = Nommer co-organisateur
people-remove = Retirer de la réunion
people-remove-name = Retirer { $name } de la réunion

## The lobby

people-lobby = Dans la salle d’attente
people-lobby-count = Dans la salle d’attente · { $count }
people-lobby-beyond =
    { $count ->
        [one] { $count } autre personne attend
       *[other] { $count } autres personnes attendent
    }
people-waits = souhaite participer
people-waits-minutes = attend depuis { $minutes } min
people-admit = Admettre
people-admit-name = Admettre { $name }
people-admit-all = Admettre tout le monde
people-reject = Refuser
people-reject-name = Refuser { $name }

## Said to screen readers

people-said-joined =
    { $count ->
        [one] { $people } a rejoint la réunion.
       *[other] { $people } ont rejoint la réunion.
    }
people-said-left =
    { $count ->
        [one] { $people } a quitté la réunion.
       *[other] { $people } ont quitté la réunion.
    }
people-said-hand =
    { $count ->
        [one] { $people } a levé la main.
       *[other] { $people } ont levé la main.
    }
people-said-waiting =
    { $count ->
        [one] { $people } attend dans la salle d’attente.
       *[other] { $people } attendent dans la salle d’attente.
    }

## Hand and reactions

people-raise = Lever
people-lower = Baisser
people-raise-hand = Lever la main
people-lower-own-hand = Baisser la main
people-why-not = { $what } : { $why }
people-react = Réagir
people-reaction-like = J’aime
people-reaction-love = J’adore
people-reaction-applause = Applaudissements
people-reaction-laugh = Rire
people-reaction-surprised = Surpris

## The whole meeting

people-more = Plus
people-meeting-menu = Plus d’options pour cette réunion
people-start-meeting = Démarrer la réunion
people-lock = Verrouiller la réunion
people-unlock = Déverrouiller la réunion
people-mute-all = Désactiver tous les micros
people-forbid-mics = Bloquer les micros des participants
people-allow-mics = Autoriser les micros des participants
people-forbid-cameras = Bloquer les caméras des participants
people-allow-cameras = Autoriser les caméras des participants
people-clear-spotlight = Ne plus mettre personne en avant
people-recording-on = L’enregistrement est en cours
people-recording-stopped = L’enregistrement est terminé
people-recording-tells = Informe tout le monde. Le service lui-même n’enregistre rien.
people-transcription-on = La transcription est en cours
people-transcription-stopped = La transcription est terminée
people-transcription-tells = Informe tout le monde. Le service lui-même ne transcrit rien.
people-rename = Changer mon nom
people-rename-title = Changer votre nom
people-rename-label = Nom que voient les autres
people-rename-confirm = Changer

## What everybody has to know

people-recorded = Cette réunion est enregistrée.
people-transcribed = Cette réunion est transcrite.
people-recorded-and-transcribed = Cette réunion est enregistrée et transcrite.
people-green-room = Des participants attendent : la réunion n’a pas commencé.
people-locked = La réunion est verrouillée.
people-consent-missing = Personne ne vous entend ni ne vous voit tant que vous n’avez pas accepté.
people-consent-open = Accepter …
people-consent-title = Acceptez-vous d’être enregistré ?
people-consent-text = Cette réunion est enregistrée ou transcrite. Tant que vous n’avez pas accepté, vous pouvez regarder et écouter, mais pas parler, montrer votre caméra ni partager. Votre réponse vaut pour cet appel.
people-consent-later = Pas maintenant
people-consent-grant = J’accepte

## Options

people-meeting-options = Options de la réunion
people-options-saved = Les options de la réunion ont été enregistrées.
people-options-not-yours = Seul l’organisateur peut modifier les options de cette réunion.
people-option-bypass = Qui peut contourner la salle d’attente ?
people-option-bypass-everyone = Tout le monde
people-option-bypass-federated = Les membres de mon organisation et des organisations approuvées
people-option-bypass-organization = Les membres de mon organisation et les invités
people-option-bypass-no-guests = Les membres de mon organisation
people-option-bypass-invited = Les personnes invitées à la réunion
people-option-only-organizers = Uniquement les organisateurs et co-organisateurs
people-option-everyone = Tout le monde
people-option-admitters = Qui peut admettre depuis la salle d’attente ?
people-option-admitters-presenters = Organisateurs, co-organisateurs et présentateurs
people-option-presenters = Qui peut présenter ?
people-option-presenters-organization = Les membres de mon organisation
people-option-presenters-chosen = Des personnes spécifiques
people-option-chat = Conversation de la réunion
people-option-chat-enabled = Activée
people-option-chat-limited = Uniquement pendant la réunion
people-option-chat-disabled = Désactivée
people-option-mic = Autoriser le micro pour les participants
people-option-camera = Autoriser la caméra pour les participants
people-option-reactions = Autoriser les réactions
people-option-names = Autoriser le changement de nom
people-option-announce = Annoncer les arrivées et les départs
people-option-encryption = Chiffrement de bout en bout (les invités ne peuvent pas participer)

## Why something cannot be done

people-not-capable = Les invités ne peuvent pas faire cela.
people-policy-restricted = La stratégie de l’organisateur ne le permet pas.
people-meeting-restricted = Cette fonction est désactivée dans cette réunion.
people-role-restricted = Votre rôle dans cette réunion ne le permet pas.
people-consent-first = Acceptez d’abord l’enregistrement.
people-not-available = Cette fonction n’est pas disponible ici.
people-not-in-this-call = Cette fonction n’est pas disponible dans ce type d’appel.
people-not-now = Vous ne pouvez pas faire cela pour le moment.

## What happened

people-notice-muted-by = { $name } a désactivé votre micro.
people-notice-muted = Quelqu’un a désactivé votre micro.
people-notice-media-trouble = L’audio ou la vidéo n’ont pas pu être établis. Quittez la réunion et rejoignez-la si cela ne revient pas.
people-refused-unknown = L’action n’a pas abouti. Veuillez réessayer.
people-refused-rate-limited = Trop rapide. Patientez un instant.
people-refused-too-many = Le maximum est déjà atteint.
people-refused-not-allowed = Vous n’êtes pas autorisé à le faire.
people-refused-unknown-participant = Cette personne n’est plus dans la réunion.
people-refused-not-in-call = Vous devez être dans la réunion pour cela.
people-refused-meeting-full = La réunion est complète.
people-refused-too-large = Le message est trop long.
people-refused-bad-display-name = Le nom doit comporter de 1 à 256 caractères affichables.
people-refused-busy = Le service est occupé. Réessayez.
people-refused-muted = Votre micro a été désactivé entre-temps ; réactivez-le.

## The end

people-join-again = Rejoindre à nouveau
people-try-again = Réessayer
people-end-code = Code { $code }
people-end-over = L’appel est terminé
people-end-refused = Impossible de rejoindre la réunion
people-end-left = Vous avez quitté la réunion
people-end-ended = La réunion est terminée
people-end-removed = Vous avez été retiré de la réunion
people-end-lobby-denied = Vous n’avez pas été admis
people-end-lobby-timeout = Personne ne vous a admis
people-end-meeting-not-found = Réunion introuvable
people-end-bad-locator = Ce n’est pas un lien de réunion
people-end-bad-display-name = Ce nom ne peut pas être utilisé
people-end-government-cloud = Cette réunion ne peut pas être rejointe d’ici
people-end-anonymous-join-disabled = Les invités ne peuvent pas rejoindre cette réunion
people-end-unauthenticated = Votre accès a expiré
people-end-connection-lost = La connexion a été perdue
people-end-service-stopping = Le service redémarre
people-why-left = Vous avez quitté la réunion.
people-why-ended = L’organisateur a mis fin à la réunion pour tout le monde.
people-why-connection-lost = La connexion à la réunion a été perdue et n’a pas pu être rétablie.
people-why-refused = Le service a refusé la demande de participation.
people-why-removed = Vous avez été retiré de la réunion.
people-why-lobby-denied = Votre demande de participation a été refusée.
people-why-lobby-timeout = Personne ne vous a admis à temps depuis la salle d’attente.
people-why-meeting-not-found = Cette réunion n’existe pas, a expiré, ou son code secret est incorrect.
people-why-bad-locator = Ce lien ne mène pas à une réunion que l’on peut rejoindre.
people-why-bad-display-name = Le nom doit comporter de 1 à 256 caractères affichables.
people-why-too-many-attempts = Trop de tentatives infructueuses de trouver une réunion. Réessayez plus tard.
people-why-protocol-violation = L’application a envoyé quelque chose d’inattendu.
people-why-anonymous-join-disabled = L’organisateur ou l’organisation n’autorise pas les invités à cette réunion.
people-why-client-type-blocked = L’organisateur n’autorise pas les invités à utiliser ce type d’application.
people-why-federation-required = L’organisation n’accepte que les invités d’applications approuvées.
people-why-resource-not-allowed = L’organisation n’approuve pas cette application.
people-why-federation-disabled-for-organizer = L’organisateur n’accepte pas les invités de cette application.
people-why-kind-not-supported = Les invités ne peuvent pas rejoindre ce type de réunion.
people-why-e2ee = Les invités ne peuvent pas rejoindre les réunions chiffrées de bout en bout.
people-why-government-cloud = Les réunions du cloud gouvernemental ne peuvent pas être rejointes d’ici.
people-why-cloud-not-supported = Les réunions de ce cloud ne peuvent pas être rejointes d’ici.
people-why-meeting-locked = La réunion est verrouillée.
people-why-meeting-full = La réunion est complète.
people-why-captcha-required = La réunion demande aux invités une vérification que cette application ne peut pas afficher.
people-why-group-users-only = Seuls les utilisateurs d’applications peuvent rejoindre les appels de groupe.
people-why-group-not-started = L’appel n’a pas commencé.
people-why-room-not-found = Cette salle n’existe pas.
people-why-room-not-invited = Vous n’êtes pas invité dans cette salle.
people-why-room-not-open = La salle n’est pas encore ouverte.
people-why-room-over = La salle n’est plus accessible.
people-why-room-closed = La salle a fermé.
people-why-unauthenticated = Votre accès a expiré ou n’est pas valable ici.
people-why-media-lost = La connexion audio et vidéo a été perdue.
people-why-service-failure = Un problème est survenu sur le serveur.
people-why-service-stopping = Le service est en cours de redémarrage.
