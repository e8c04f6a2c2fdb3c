common-app = Anteroom
common-language = Langue
common-cancel = Annuler
common-close = Fermer
