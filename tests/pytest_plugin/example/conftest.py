import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink


@pytest.fixture(scope="session")
def smtp_target():
    server = Controller(Sink(), hostname="127.0.0.1", port=18025)
    server.start()
    yield "smtp://127.0.0.1:18025"
    server.stop()
