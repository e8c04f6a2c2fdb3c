common-app = Anteroom
common-language = Taal
common-cancel = Annuleren
common-close = Sluiten
