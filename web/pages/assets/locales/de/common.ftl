common-app = Anteroom
common-language = Sprache
common-cancel = Abbrechen
common-close = Schließen
