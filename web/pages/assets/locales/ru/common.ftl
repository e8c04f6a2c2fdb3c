common-app = Anteroom
common-language = Язык
common-cancel = Отмена
common-close = Закрыть
common-save = Сохранить
common-others =
    { $count ->
        [one] ещё { $count } человек
        [few] ещё { $count } человека
       *[many] ещё { $count } человек
    }

## Sign-in

common-sign-in = Вход
common-sign-out = Выйти
common-sign-in-with = Войти через { $name }
common-user-name = Имя пользователя
common-password = Пароль
common-wrong-password = Неверное имя пользователя или пароль.
common-sign-in-failed = Не удалось войти.

## What goes wrong

common-unreachable = Служба недоступна. Проверьте подключение и повторите попытку.
common-refused = Запрос отклонён.
common-no-token = Сервер приложения не выдал маркер доступа.
common-no-guest-tokens = У этой страницы нет сервера, который выдаёт маркеры гостям. Приложение, которое её встраивает, открывает её с маркером доступа: { $address }

## The front page

common-status-asking = Проверка …
common-status-running = Работает
common-status-not-ready = Не готово
common-status-unreachable = Недоступно
common-home-lead = Гости присоединяются к собраниям в стиле Teams с вашего собственного сайта.
common-home-guest = Присоединиться как гость
common-home-guest-text = Приложение гостя: имя, камера и микрофон, зал ожидания, собрание и чат.
common-home-teams = Сторона Teams
common-home-teams-text = Войдите как сотрудник, начните собрание, впустите гостей из зала ожидания.
common-home-open = Открыть →
common-surfaces = Что работает по адресу { $address }
common-home-identity = Удостоверения
common-home-identity-text = Пользователи и маркеры доступа для пакетов SDK удостоверений Azure Communication Services
common-home-chat = Чат
common-home-chat-text = Чат собрания для пакетов SDK чата Azure Communication Services
common-home-calendar = Календарь
common-home-calendar-text = Вход и собрания пользователей каталога в форме Microsoft Graph
common-home-calls = Звонки
common-home-calls-text = Сигнализация через WebSocket по адресу /signaling, звук и видео по UDP
common-home-operations = Эксплуатация
