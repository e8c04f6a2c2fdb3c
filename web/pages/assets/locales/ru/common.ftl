common-app = Anteroom
common-language = Язык
common-cancel = Отмена
common-close = Закрыть
