## Before the call

call-join-title = Присоединение к собранию
call-join-meeting = Присоединиться к собранию
call-join-room = Войти в комнату
call-join-meeting-lead = Вы присоединяетесь как гость. Возможно, кому-то из участников нужно будет вас впустить.
call-join-room-lead = Вы входите в комнату, в которую вас пригласили.
call-join = Присоединиться
call-name = Ваше имя
call-name-placeholder = Таким его увидят другие
call-name-missing = Введите своё имя.
call-link = Ссылка на собрание
call-link-empty = Вставьте ссылку из приглашения.
call-link-long = Этот текст слишком длинный для ссылки на собрание.
call-link-malformed = Это неполная ссылка. Скопируйте её из приглашения ещё раз — от https:// до конца.
call-link-scheme = Ссылка на собрание начинается с https://.
call-link-government = Это собрание проходит в правительственном облаке; присоединиться к нему отсюда нельзя.
call-link-other-page = Эта ссылка ведёт на другую страницу Teams, а не на собрание.
call-link-not-meeting = Эта ссылка ведёт на страницу этого сайта, а не на собрание.
call-link-unknown-host = Это не похоже на ссылку на собрание.
call-preview = Камера и микрофон
call-preview-asking = Браузер запрашивает камеру и микрофон…
call-preview-none = Нет изображения
call-preview-off = Камера выключена
call-level = Уровень микрофона
call-camera = Камера
call-microphone = Микрофон
call-speaker = Динамик
call-speaker-system = Динамик системы
call-speaker-named = Динамик: { $name }
call-speaker-test = Проверить звук
call-speaker-playing = Воспроизведение…
call-speaker-failed = Нет звука. Повторить
call-microphone-denied = Микрофон заблокирован. Разрешите его в адресной строке, чтобы вас слышали.
call-microphone-missing = Микрофон не найден. Вы можете слушать и пользоваться чатом.
call-microphone-busy = Микрофон занят другой программой.
call-microphone-failed = Не удалось включить микрофон.
call-microphone-unsupported = Этот браузер даёт доступ к микрофону только защищённым страницам (https).
call-camera-denied = Камера заблокирована. Разрешите её в адресной строке, чтобы вас видели.
call-camera-missing = Камера не найдена. Вы можете присоединиться без неё.
call-camera-busy = Камера занята другой программой.
call-camera-failed = Не удалось включить камеру.
call-camera-unsupported = Этот браузер даёт доступ к камере только защищённым страницам (https).
call-devices-denied = Камера и микрофон заблокированы. Вы можете присоединиться без них; другие не будут вас видеть и слышать.
call-devices-again = Повторить
call-allow-how = Как их разрешить
call-allow-chromium = Нажмите значок слева от адреса, включите камеру и микрофон и вернитесь сюда. Если они остаются заблокированными, проверьте параметры конфиденциальности компьютера.
call-allow-firefox = Нажмите перечёркнутый значок слева от адреса, снимите блокировку и нажмите «Повторить». Если она остаётся, проверьте параметры конфиденциальности компьютера.
call-allow-safari = Откройте в меню Safari «Настройки для этого веб-сайта», разрешите камеру и микрофон и перезагрузите страницу.
call-allow-other = Откройте в браузере настройки этой страницы, разрешите камеру и микрофон и нажмите «Повторить».

## Network check

call-network = Подключение
call-network-lead = Проверьте, работают ли звонки там, где вы находитесь.
call-network-check = Проверить
call-network-again = Проверить ещё раз
call-network-checking = Проверяем подключение…
call-network-step-service = Обращаемся к службе
call-network-step-signaling = Открываем сеанс
call-network-step-media = Пробуем звук и видео
call-network-good = Хорошее подключение
call-network-fair = Удовлетворительное подключение
call-network-poor = Плохое подключение
call-network-failed = Нет пригодного подключения
call-network-fine = Звук и видео должны работать хорошо.
call-network-slow = Ответы приходят с небольшой задержкой. Возможны короткие паузы.
call-network-far = Ответы приходят очень долго. Будут задержки; попробуйте другую сеть или выключите видео.
call-network-tcp = Ваша сеть пропускает звук и видео только по TCP. Возможны прерывания.
call-network-no-media = Звук и видео не проходят. Возможно, их блокирует брандмауэр; попробуйте другую сеть.
call-network-no-session = Служба отвечает, но звонки не проходят. Возможно, прокси-сервер блокирует WebSocket; попробуйте другую сеть.
call-network-unreachable = Служба недоступна. Проверьте подключение к интернету.
call-network-rtt = Время отклика { $ms } мс
call-network-over = по { $protocol }
call-network-signaling-only = звук и видео не проверялись

## Waiting

call-joining = Присоединение…
call-joining-text = Подключаемся к собранию.
call-lobby = Вы в зале ожидания
call-lobby-start = Вы в зале ожидания. Собрание ещё не началось; вы войдёте, как только оно начнётся.
call-lobby-admit = Вы в зале ожидания. Кто-то из участников должен вас впустить.
call-lobby-reconnecting = Подключение прервалось. Восстанавливаем…

## In the call

call-meeting = Собрание
call-title-waiting = (ожидают: { $count }) { $subject } · Anteroom
call-entered = Вы на собрании.
call-controls = Управление звонком
call-mute = Выкл. звук
call-unmute = Вкл. звук
call-muted = микрофон выключен
call-muted-speaking = Ваш микрофон выключен. Нажмите { $keys }, чтобы включить его.
call-talking = Микрофон включён, пока вы удерживаете пробел.
call-camera-start = Вкл. видео
call-camera-stop = Выкл. видео
call-cameras = Выбрать камеру
call-microphones = Выбрать микрофон и динамик
call-share = Демонстрация
call-share-screen = Показать экран
call-share-stop = Прекратить показ
call-share-stop-screen = Прекратить показ экрана
call-share-failed = Не удалось показать экран.
call-sharing = Вы показываете свой экран.
call-people = Участники
call-people-and-chat = Участники и чат
call-people-button = Участники, в зале ожидания: { $count }
call-chat-button =
    { $count ->
        [one] Чат, { $count } непрочитанное сообщение
        [few] Чат, { $count } непрочитанных сообщения
        [many] Чат, { $count } непрочитанных сообщений
       *[other] Чат, { $count } непрочитанных сообщений
    }
call-leave = Выйти
call-leave-meeting = Выйти из собрания
call-end = Завершить
call-end-meeting = Завершить собрание для всех
call-end-question = Завершить собрание для всех?
call-end-consequence = Все участники будут отключены, а гости потеряют доступ к чату.
call-end-confirm = Завершить собрание
call-guest-link = Ссылка для гостей
call-guest-link-copied = Ссылка для гостей скопирована.
call-copy-failed = Не удалось скопировать.
call-reconnecting = Подключение потеряно. Восстанавливаем…
call-unlock = Нажмите, чтобы слышать других
call-reacted = { $name }: { $reaction }
call-somebody = Кто-то
call-you = Вы

## Pictures

call-pictures = Изображения участников
call-alone = Пока здесь больше никого нет.
call-own-camera = Ваша камера
call-own-picture-move = Ваше изображение. Перетащите его в другой угол или используйте клавиши со стрелками.
call-screen-of = Экран: { $name }
call-tile-camera = Камера: { $name }
call-tile-hand = рука поднята, номер { $place }
call-tile-reconnecting = Восстановление связи…
call-pin = Закрепить: { $name }
call-pin-short = Закрепить
call-unpin = Открепить: { $name }
call-unpin-short = Открепить
call-page = { $page } из { $pages }
call-page-before = Предыдущая страница
call-page-after = Следующая страница
call-view = Вид
call-layout-auto = Автоматическое расположение
call-layout-grid = Галерея
call-layout-speaker = Докладчик
call-self-show = Показывать меня
call-full-screen = Во весь экран
call-full-screen-failed = Полноэкранный режим здесь недоступен.
call-picture-in-picture = Картинка в картинке
call-picture-in-picture-failed = Режим «картинка в картинке» сейчас недоступен.

## Chat

call-chat = Чат
call-chat-empty = Сообщений пока нет. После выхода чат гостям больше недоступен.
call-chat-messages = Сообщения
call-chat-message = Сообщение
call-chat-placeholder = Введите сообщение
call-chat-unavailable = Чат недоступен
call-chat-send = Отправить
call-chat-too-long = Это сообщение слишком длинное.
call-chat-new = Новые
call-chat-latest = К последним сообщениям
call-chat-unread =
    { $count ->
        [one] { $count } новое сообщение
        [few] { $count } новых сообщения
        [many] { $count } новых сообщений
       *[other] { $count } новых сообщений
    }
call-chat-edited = Изменено
call-chat-deleted = Это сообщение удалено.
call-chat-typing =
    { $count ->
        [one] { $names } печатает…
        [few] { $names } печатают…
        [many] { $names } печатают…
       *[other] { $names } печатают…
    }
call-chat-typing-many = Несколько человек печатают…
call-chat-seen = Просмотрели: { $names }
call-chat-more =
    { $count ->
        [one] ещё { $count }
        [few] ещё { $count }
        [many] ещё { $count }
       *[other] ещё { $count }
    }
call-chat-from = Сообщение от { $name }: { $text }

## Quality and details

call-quality = Подключение: { $quality }
call-quality-unknown = неизвестно
call-quality-good = хорошее
call-quality-fair = среднее
call-quality-poor = плохое
call-details = Сведения о подключении
call-details-measuring = Измеряем…
call-details-none = Сейчас нет медиаподключения.
call-details-copy = Копировать
call-details-copied = Сведения скопированы.
call-details-state = Состояние
call-details-transport = Транспорт
call-details-up = Отправляется
call-details-down = Принимается
call-details-available = Доступно для отправки
call-details-streams = Потоки
call-details-track = Поток
call-details-bitrate = Битрейт
call-details-picture = Изображение
call-details-loss = Потери
call-details-jitter = Джиттер
call-details-rtt = Время отклика
call-details-codec = Кодек
call-details-in = принимается
call-details-out = отправляется
call-details-audio = звук
call-details-video = видео
call-details-limited-cpu = (ограничено компьютером)
call-details-limited-bandwidth = (ограничено сетью)
call-details-kbit = { $rate } кбит/с
call-details-mbit = { $rate } Мбит/с
call-details-ms = { $ms } мс

## Settings and keys

call-settings = Настройки
call-settings-devices = Устройства
call-settings-look = Оформление
call-theme = Оформление
call-theme-system = Как в системе
call-theme-light = Светлое
call-theme-dark = Тёмное
call-shortcuts = Сочетания клавиш
call-key-mute = Включить или выключить микрофон
call-key-camera = Включить или выключить камеру
call-key-share = Показать экран или прекратить показ
call-key-hand = Поднять или опустить руку
call-key-space = Пробел
call-key-talk = Микрофон включён, пока удерживается
call-key-list = Этот список
