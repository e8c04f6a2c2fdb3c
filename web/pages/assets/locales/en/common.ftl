common-app = Anteroom
common-language = Language
common-cancel = Cancel
common-close = Close
