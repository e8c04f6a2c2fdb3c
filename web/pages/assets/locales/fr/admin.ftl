# La page des administrateurs. Les noms des paramètres, stratégies et niveaux restent : ce sont ceux des cmdlets.

admin-title = Administration
admin-lead = Pour les administrateurs de l’organisation.
admin-sign-in-again = Veuillez vous reconnecter.
admin-not-an-administrator = Vous n’administrez pas cette organisation.
admin-sign-out = Se déconnecter
admin-skip = Aller au contenu
admin-navigation = Sections
admin-unreachable = Le service est injoignable.
admin-refused = Le service a refusé cette demande.
admin-loading = Chargement…
admin-other-tenant = Vous administrez { $tenant }, qui n’est pas votre propre locataire.
admin-back-to-own = Revenir à votre locataire
admin-add = Ajouter
admin-name = Nom
admin-id = ID
admin-users = Utilisateurs
admin-none = Aucun
admin-show = Afficher

## Paramètres

admin-settings = Paramètres
admin-settings-lead = Sous les noms des cmdlets PowerShell. Ils s’appliquent aussitôt, même dans les réunions en cours.
admin-applied = Les paramètres s’appliquent désormais.
admin-add-named = Ajouter une stratégie, une étiquette ou un modèle
admin-named-explained = Une stratégie commence avec les valeurs de Global. Une étiquette de confidentialité ou un modèle de réunion fixe le maximum permis à une réunion ; l’organisateur choisit ce qui reste libre.
admin-added = { $name } a été ajouté. Cela prend effet une fois appliqué.
admin-exists = { $name } existe déjà.
admin-remove = Supprimer
admin-remove-named = Supprimer { $name }
admin-removed = { $name } a été supprimé. Cela prend effet une fois appliqué.
admin-left-open = Libre
admin-grant-explained = À qui les stratégies sont attribuées. Ce qui est attribué à un utilisateur l’emporte ; entre plusieurs groupes, c’est celui de plus petit rang qui compte.
admin-grant-add = Attribuer une stratégie
admin-grant-number = Attribution { $number }
admin-grant-to = À
admin-grant-who = Nom ou ID
admin-dry-run = Afficher ce qui changerait
admin-apply = Appliquer
admin-guests-of = Invités de { $meeting }
admin-nothing-changes = Rien ne change.
admin-would-change = Ceci changerait
admin-has-changed = Ceci a changé
admin-for = Pour
admin-setting = Paramètre
admin-value = Valeur
admin-before = Avant
admin-after = Après

## Valeurs effectives

admin-effective = Valeurs effectives
admin-effective-lead = Ce qui s’applique aux réunions d’un utilisateur, et d’où vient chaque valeur.
admin-user = Utilisateur
admin-for-meeting = Pour la réunion
admin-new-meeting = Une nouvelle réunion
admin-changed-only = Uniquement les valeurs autres que celles par défaut de Microsoft
admin-effective-shown = Les valeurs effectives de { $user } sont affichées.
admin-policy = Stratégie
admin-policy-values = Valeurs des stratégies
admin-meeting-values = Options de la réunion
admin-option = Option
admin-from = Provenance
admin-own-value = Défini dans la réunion
admin-granted-user = { $policy }, attribuée à l’utilisateur
admin-granted-group = { $policy }, attribuée au groupe { $group }
admin-granted-global = { $policy }, car aucune autre n’est attribuée
admin-source-policy = Stratégie { $name }
admin-source-label = Étiquette de confidentialité { $name }
admin-source-template = Modèle de réunion { $name }
admin-source-start = Nouvelles réunions sous la stratégie { $name }
admin-source-default = Par défaut
admin-source-meeting = Options propres à la réunion

## Réunions en cours

admin-meetings = Réunions en cours
admin-meetings-lead = Les réunions où quelqu’un est présent ou en salle d’attente.
admin-meetings-summary = { $count ->
    [0] Aucune réunion en cours
    [one] Une réunion en cours
   *[other] { $count } réunions en cours
} · à { $time }
admin-meetings-count = { $count ->
    [0] Aucune réunion en cours.
    [one] Une réunion en cours.
   *[other] { $count } réunions en cours.
}
admin-participants = { $count ->
    [0] Personne dans l’appel
    [one] Un participant
   *[other] { $count } participants
}{ $waiting ->
    [0] {""}
   *[other] , { $waiting } en salle d’attente
}
admin-waiting = En salle d’attente
admin-organized-by = Organisée par { $name } ({ $upn })
admin-room = Salle { $id }
admin-since = depuis { $time }
admin-not-begun = personne n’est encore entré
admin-locked = Verrouillée
admin-recording = Enregistrement
admin-transcription = Transcription
admin-sharing = partage son écran
admin-reconnecting = se reconnecte
admin-role-organizer = Organisateur
admin-role-co-organizer = Co-organisateur
admin-role-presenter = Présentateur
admin-role-attendee = Participant
admin-role-consumer = Spectateur
admin-role-collaborator = Collaborateur
admin-label-external = Externe
admin-label-unverified = Non vérifié
admin-end = Mettre fin à la réunion
admin-end-question = Mettre fin à { $subject } ?
admin-end-consequence = { $count ->
    [one] Une personne sera exclue.
   *[other] Les { $count } personnes seront exclues.
} Il sera possible de rejoindre à nouveau la réunion.
admin-ended = { $subject } est terminée.

## Expliquer une participation

admin-explain = Expliquer une participation
admin-explain-lead = Pourquoi un invité entre dans une réunion, attend ou reste dehors.
admin-explain-do = Expliquer
admin-meeting-link = Lien de la réunion
admin-guest = Invité
admin-guest-name = Nom donné par l’invité
admin-guest-resource = Ressource ACS, par nom ou ID
admin-first-resource = la première
admin-started = La réunion
admin-started-now = telle qu’elle est
admin-started-yes = a commencé
admin-started-no = n’a pas commencé
admin-guest-is-told = L’invité lit : { $sentence } ({ $code })
admin-of-meeting = { $subject }, organisée par { $organizer }, stratégie { $policy }
admin-passes = laisse passer
admin-stops = arrête
admin-level = Niveau
admin-changed-by = Modifiable par
admin-how = Comment
admin-capabilities = Ce que l’invité peut faire
admin-capability = Capacité
admin-why = Pourquoi

## Protection

admin-audit = Vérifier la protection
admin-audit-lead = Compare les paramètres à un niveau de protection.
admin-tier = Niveau
admin-tier-met = Rien trouvé : le niveau { $tier } est atteint.
admin-where = Où
admin-wanted = Attendu
admin-consequence = Qui pourrait faire quoi
admin-fix = Ce qui y remédie

## Locataires

admin-tenants = Locataires
admin-tenants-lead = Tous les locataires de ce service. Seuls ses opérateurs les voient.
admin-this-tenant = Celui-ci
admin-look-after = Administrer
admin-look-after-name = Administrer { $tenant }

## Ressources

admin-resources = Ressources et clés
admin-resources-lead = Les ressources ACS de ce service. Qui possède une clé d’accès peut créer des invités.
admin-new-resource = Nom d’une nouvelle ressource
admin-resource-made = La ressource { $name } a été créée.
admin-first = Première ressource
admin-created = créée le { $date }
admin-rotations = clés régénérées : primaire { $primary }, secondaire { $secondary }
admin-reveal = Afficher les clés
admin-hide = Masquer les clés
admin-primary-key = Clé primaire
admin-primary-connection-string = Chaîne de connexion primaire
admin-secondary-key = Clé secondaire
admin-secondary-connection-string = Chaîne de connexion secondaire
admin-copy = Copier : { $what }
admin-copied = Copié.
admin-regenerate = Régénérer
admin-regenerate-primary = Régénérer la clé primaire…
admin-regenerate-secondary = Régénérer la clé secondaire…
admin-regenerate-primary-question = Régénérer la clé primaire de { $name } ?
admin-regenerate-secondary-question = Régénérer la clé secondaire de { $name } ?
admin-regenerate-consequence = L’ancienne clé est aussitôt refusée, de même que les jetons émis avec elle. Les invités qui participent à une réunion avec un tel jeton sont exclus.
admin-regenerated = La clé a été régénérée.

## Erreurs

admin-errors = Catalogue des erreurs
admin-errors-lead = Toutes les erreurs que ce service peut renvoyer : pourquoi elles surviennent et que faire. Les textes sont en anglais.
admin-search = Rechercher par code, nom ou texte
admin-errors-count = { $count ->
    [0] Rien trouvé.
    [one] Une erreur.
   *[other] { $count } erreurs.
}
