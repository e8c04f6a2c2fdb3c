## The list of people

people-title = Участники
people-title-count = Участники · { $count }
people-search = Поиск участников
people-none-found = Здесь нет никого с таким именем.
people-you = Вы
people-reconnecting = переподключение …
people-external = Внешний
people-unverified = Не проверено
people-role-organizer = Организатор
people-role-co-organizer = Соорганизатор
people-role-presenter = Выступающий
people-role-attendee = Участник
people-role-consumer = Зритель
people-role-collaborator = Соавтор
people-state-hand = поднятая рука, номер { $place }
people-state-spotlight = в центре внимания
people-state-screen = демонстрирует экран
people-state-muted = микрофон выключен
people-state-mic = микрофон включён
people-state-camera = камера включена
people-state-camera-off = камера выключена
people-more-about = Ещё: { $name }
people-mute = Отключить звук
people-lower-hand = Опустить руку
people-spotlight = Поместить в центр внимания
people-unspotlight = Убрать из центра внимания
people-forbid-mic = Запретить микрофон
people-allow-mic = Разрешить микрофон
people-forbid-camera = Запретить камеру
people-allow-camera = Разрешить камеру
people-make-presenter = Назначить выступающим
people-make-attendee = Сделать участником
people-make-co-organizer = Назначить соорганизатором
people-remove = Удалить из собрания
people-remove-name = Удалить { $name } из собрания

## The lobby

people-lobby = В зале ожидания
people-lobby-count = В зале ожидания · { $count }
people-lobby-beyond =
    { $count ->
        [one] ждёт ещё { $count } человек
        [few] ждут ещё { $count } человека
       *[many] ждут ещё { $count } человек
    }
people-waits = хочет присоединиться
people-waits-minutes = ждёт { $minutes } мин
people-admit = Впустить
people-admit-name = Впустить: { $name }
people-admit-all = Впустить всех
people-reject = Отклонить
people-reject-name = Отклонить: { $name }

## Said to screen readers

people-said-joined =
    { $count ->
        [one] Новый участник: { $people }.
        [few] Новые участники: { $people }.
       *[many] Новые участники: { $people }.
    }
people-said-left =
    { $count ->
        [one] Собрание покинул участник: { $people }.
        [few] Собрание покинули: { $people }.
       *[many] Собрание покинули: { $people }.
    }
people-said-hand =
    { $count ->
        [one] Поднята рука: { $people }.
        [few] Подняты руки: { $people }.
       *[many] Подняты руки: { $people }.
    }
people-said-waiting =
    { $count ->
        [one] В зале ожидания: { $people }.
        [few] В зале ожидания: { $people }.
       *[many] В зале ожидания: { $people }.
    }

## Hand and reactions

people-raise = Поднять
people-lower = Опустить
people-raise-hand = Поднять руку
people-lower-own-hand = Опустить руку
people-why-not = { $what }: { $why }
people-react = Реакция
people-reaction-like = Нравится
people-reaction-love = Сердце
people-reaction-applause = Аплодисменты
people-reaction-laugh = Смех
people-reaction-surprised = Удивление

## The whole meeting

people-more = Ещё
people-meeting-menu = Ещё для этого собрания
people-start-meeting = Начать собрание
people-lock = Заблокировать собрание
people-unlock = Разблокировать собрание
people-mute-all = Отключить звук у всех
people-forbid-mics = Запретить микрофоны участников
people-allow-mics = Разрешить микрофоны участников
people-forbid-cameras = Запретить камеры участников
people-allow-cameras = Разрешить камеры участников
people-clear-spotlight = Убрать всех из центра внимания
people-recording-on = Запись идёт
people-recording-stopped = Запись остановлена
people-recording-tells = Сообщает всем. Сама служба ничего не записывает.
people-transcription-on = Транскрибирование идёт
people-transcription-stopped = Транскрибирование остановлено
people-transcription-tells = Сообщает всем. Сама служба ничего не транскрибирует.
people-rename = Изменить моё имя
people-rename-title = Изменение имени
people-rename-label = Имя, которое видят другие
people-rename-confirm = Изменить

## What everybody has to know

people-recorded = Идёт запись собрания.
people-transcribed = Идёт транскрибирование собрания.
people-recorded-and-transcribed = Идут запись и транскрибирование собрания.
people-green-room = Участники ждут: собрание ещё не началось.
people-locked = Собрание заблокировано.
people-consent-missing = Вас никто не слышит и не видит, пока вы не согласитесь.
people-consent-open = Согласиться …
people-consent-title = Вы согласны на запись?
people-consent-text = Собрание записывается или транскрибируется. Пока вы не согласитесь, вы можете смотреть и слушать, но не говорить, не показывать камеру и не демонстрировать экран. Ответ действует для этого собрания.
people-consent-later = Не сейчас
people-consent-grant = Согласен

## Options

people-meeting-options = Параметры собрания
people-options-saved = Параметры собрания сохранены.
people-options-not-yours = Изменять параметры этого собрания может только организатор.
people-option-bypass = Кто может обойти зал ожидания?
people-option-bypass-everyone = Все
people-option-bypass-federated = Люди в моей организации и в доверенных организациях
people-option-bypass-organization = Люди в моей организации и гости
people-option-bypass-no-guests = Люди в моей организации
people-option-bypass-invited = Приглашённые
people-option-only-organizers = Только организаторы и соорганизаторы
people-option-everyone = Все
people-option-admitters = Кто может впускать из зала ожидания?
people-option-admitters-presenters = Организаторы, соорганизаторы и выступающие
people-option-presenters = Кто может выступать?
people-option-presenters-organization = Люди в моей организации
people-option-presenters-chosen = Определённые люди
people-option-chat = Чат собрания
people-option-chat-enabled = Включён
people-option-chat-limited = Только во время собрания
people-option-chat-disabled = Выключен
people-option-mic = Разрешить участникам микрофон
people-option-camera = Разрешить участникам камеру
people-option-reactions = Разрешить реакции
people-option-names = Разрешить менять имя
people-option-announce = Сообщать о входе и выходе участников
people-option-encryption = Сквозное шифрование (гости не смогут присоединиться)

## Why something cannot be done

people-not-capable = Гостям это недоступно.
people-policy-restricted = Политика организатора не разрешает это.
people-meeting-restricted = В этом собрании это отключено.
people-role-restricted = Ваша роль в этом собрании не позволяет это.
people-consent-first = Сначала согласитесь на запись.
people-not-available = Здесь это недоступно.
people-not-in-this-call = В звонках этого вида это недоступно.
people-not-now = Сейчас это невозможно.

## What happened

people-notice-muted-by = { $name } отключает ваш микрофон.
people-notice-muted = Ваш микрофон отключили.
people-notice-media-trouble = Не удалось настроить звук или видео. Если они не появятся, выйдите и присоединитесь снова.
people-refused-unknown = Не удалось выполнить действие. Попробуйте ещё раз.
people-refused-rate-limited = Слишком часто. Подождите немного.
people-refused-too-many = Больше добавить нельзя.
people-refused-not-allowed = У вас нет прав на это действие.
people-refused-unknown-participant = Этого человека уже нет в собрании.
people-refused-not-in-call = Для этого нужно быть в собрании.
people-refused-meeting-full = В собрании нет свободных мест.
people-refused-too-large = Сообщение слишком длинное.
people-refused-bad-display-name = Имя должно содержать от 1 до 256 отображаемых символов.
people-refused-busy = Служба занята. Повторите попытку.
people-refused-muted = Тем временем ваш микрофон отключили; включите его снова.

## The end

people-join-again = Присоединиться снова
people-try-again = Повторить попытку
people-end-code = Код { $code }
people-end-over = Звонок завершён
people-end-refused = Не удалось присоединиться
people-end-left = Вы покинули собрание
people-end-ended = Собрание завершено
people-end-removed = Вас удалили из собрания
people-end-lobby-denied = Вас не впустили
people-end-lobby-timeout = Вас никто не впустил
people-end-meeting-not-found = Собрание не найдено
people-end-bad-locator = Это не ссылка на собрание
people-end-bad-display-name = Это имя нельзя использовать
people-end-government-cloud = К этому собранию нельзя присоединиться отсюда
people-end-anonymous-join-disabled = Гости не могут присоединиться к этому собранию
people-end-unauthenticated = Срок вашего доступа истёк
people-end-connection-lost = Соединение потеряно
people-end-service-stopping = Служба перезапускается
people-why-left = Вы покинули собрание.
people-why-ended = Организатор завершил собрание для всех.
people-why-connection-lost = Соединение с собранием потеряно, восстановить его не удалось.
people-why-refused = Служба отклонила запрос на присоединение.
people-why-removed = Вас удалили из собрания.
people-why-lobby-denied = Ваш запрос на присоединение отклонён.
people-why-lobby-timeout = Никто вовремя не впустил вас из зала ожидания.
people-why-meeting-not-found = Такого собрания нет, его срок истёк или неверен секретный код.
people-why-bad-locator = Эта ссылка не ведёт к собранию, к которому можно присоединиться.
people-why-bad-display-name = Имя должно содержать от 1 до 256 отображаемых символов.
people-why-too-many-attempts = Слишком много неудачных попыток найти собрание. Повторите позже.
people-why-protocol-violation = Приложение отправило то, чего здесь не ожидали.
people-why-anonymous-join-disabled = Организатор или организация не разрешает гостям присоединяться к этому собранию.
people-why-client-type-blocked = Организатор не разрешает гостям присоединяться из такого приложения.
people-why-federation-required = Организация принимает гостей только из доверенных приложений.
people-why-resource-not-allowed = Организация не доверяет этому приложению.
people-why-federation-disabled-for-organizer = Организатор не принимает гостей из этого приложения.
people-why-kind-not-supported = Гости не могут присоединиться к собранию этого вида.
people-why-e2ee = Гости не могут присоединиться к собраниям со сквозным шифрованием.
people-why-government-cloud = К собраниям облака для государственных организаций нельзя присоединиться отсюда.
people-why-cloud-not-supported = К собраниям этого облака нельзя присоединиться отсюда.
people-why-meeting-locked = Собрание заблокировано.
people-why-meeting-full = В собрании нет свободных мест.
people-why-captcha-required = Собрание требует от гостей проверки, которую это приложение не может показать.
people-why-group-users-only = К групповым звонкам могут присоединяться только пользователи приложений.
people-why-group-not-started = Звонок ещё не начался.
people-why-room-not-found = Такой комнаты нет.
people-why-room-not-invited = Вы не приглашены в эту комнату.
people-why-room-not-open = Комната ещё не открыта.
people-why-room-over = В эту комнату больше нельзя войти.
people-why-room-closed = Комната закрыта.
people-why-unauthenticated = Срок вашего доступа истёк, или он здесь не действует.
people-why-media-lost = Соединение для звука и видео потеряно.
people-why-service-failure = На сервере произошла ошибка.
people-why-service-stopping = Служба перезапускается.
