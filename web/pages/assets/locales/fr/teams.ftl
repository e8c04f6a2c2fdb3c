teams-page-title = Côté Teams · Anteroom
teams-lead = Le côté Teams : pour les membres de l’organisation.
teams-sign-in-again = Veuillez vous reconnecter.

## The calendar

teams-your-meetings = Vos réunions
teams-my-meetings = Mes réunions
teams-no-meetings = Votre calendrier ne contient aucune réunion pour les prochains jours.
teams-now = Maintenant
teams-today = Aujourd’hui
teams-tomorrow = Demain
teams-no-subject = Réunion sans objet
teams-organizer = Organisateur : { $name }
teams-cancelled = Annulée
teams-join = Rejoindre
teams-join-of = Rejoindre { $subject }
teams-join-with-link = Ou rejoindre avec un lien de réunion
teams-more-about = Plus d’options pour { $subject }
teams-guest-link = Lien invité
teams-copy-guest-link-of = Copier le lien invité de { $subject }
teams-guest-link-copied = Le lien pour les invités a été copié.
teams-copy-invitation = Copier l’invitation
teams-invitation-copied = L’invitation a été copiée.
teams-invitation-join = Rejoindre la réunion : { $link }
teams-invitation-id = ID de réunion : { $id }
teams-invitation-passcode = Code secret : { $passcode }

## New meetings

teams-meet-now = Réunion immédiate
teams-meeting-with = Réunion avec { $name }
teams-new-meeting = Nouvelle réunion
teams-schedule-title = Planifier une réunion
teams-schedule-confirm = Planifier
teams-scheduled = La réunion est dans votre calendrier.
teams-options-not-set = La réunion est planifiée, mais ses options n’ont pas pu être définies.
teams-subject = Objet
teams-start = Début
teams-end = Fin
teams-end-before-start = La fin doit être postérieure au début.
teams-attendees = Inviter des collègues (noms d’utilisateur, séparés par des virgules)

## Deleting

teams-delete = Supprimer la réunion
teams-delete-occurrence = Supprimer cette occurrence
teams-delete-text = « { $subject } » disparaît de tous les calendriers. Une réunion en cours se termine pour tout le monde.
teams-remove = Retirer du calendrier
teams-remove-text = « { $subject } » disparaît uniquement de votre calendrier.
