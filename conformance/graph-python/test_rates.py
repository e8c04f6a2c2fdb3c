"""What the SDK does when it asks too often: it waits as long as it is told."""

import signal

import pytest
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_http.middleware.options import RetryHandlerOption

from results import RECORDER
from sdk import Sdk, refused
from service import Service
from suite import LOOP

@pytest.fixture
def strict(service, tmp_path, request):
    """Alice with a service of its own, which takes one request for users in so many seconds."""
    configuration = tmp_path / "strict.toml"
    rate = f'{{ per = "application", calls = 1, seconds = {request.param} }}'
    configuration.write_text(f'[limits.graph]\nprofile = "off"\nservices.directory = [{rate}]\n')
    running = Service(tmp_path / "data", "--config", str(configuration))
    running.trust()
    sdk = Sdk(running)
    yield sdk.user("alice@contoso.example")
    LOOP.run_until_complete(sdk.close())
    service.trust()
    assert running.process.stop(signal.SIGTERM) == 0


@pytest.mark.parametrize("strict", [2], indirect=True)
async def test_who_waits_is_answered(strict):
    # A machine that is slow enough may need some requests before one comes too early.
    for _ in range(20):
        assert (await strict.me.get()).user_principal_name == "alice@contoso.example"
        if 429 in {status for *_, status, _ in RECORDER.seen}:
            break
    assert {status for *_, status, _ in RECORDER.seen} == {200, 429}


@pytest.mark.parametrize("strict", [3600], indirect=True)
async def test_who_does_not_wait_is_refused(strict):
    impatient = RequestConfiguration(options=[RetryHandlerOption(should_retry=False)])
    await strict.me.get()
    with refused(429, "TooManyRequests"):
        await strict.me.get(request_configuration=impatient)
    # Other parts of Graph are not counted with users.
    assert await strict.me.events.get()
