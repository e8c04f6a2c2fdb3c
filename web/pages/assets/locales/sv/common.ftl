common-app = Anteroom
common-language = Språk
common-cancel = Avbryt
common-close = Stäng
