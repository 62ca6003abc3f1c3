"""Servers from Debian's packages, each in a root of its own: the system's, with the packages laid over it.

The packages conflict with each other, and with what the host has, so none is ever installed on the host. What apt
adds to the host's files is kept as a layer in the cache; a server starts from a copy of it and leaves no trace there.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from conformance.launchers._cache import locked, overlays_folder
from conformance.launchers._error import LaunchError
from conformance.launchers._keeping import Plan, kept, overlay_root
from conformance.launchers._launcher import COMMON, OUR_NAMES, Installed, Launcher, Start
from conformance.launchers._site import DOMAIN, HOST, USERS, Site, password, rendered

STATUS = Path("/var/lib/dpkg/status")
INSTALL_SECONDS = 900.0
PATHS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
NETWORK = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")

INSTALL = """\
#!/bin/sh
# Installs the packages, starts nothing, and makes the users whose mail is delivered.
set -e
printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
# One package first: where nothing can be fetched, each of many would be waited for.
fetchable() {{
  cd /tmp && apt-get download -q -o Acquire::Retries=0 {first} && rm -f ./*.deb
}}
fetchable || {{
  apt-get update -q -o Acquire::Retries=0
  fetchable
}}
apt-get install -q -y --no-install-recommends {packages} || {{
  apt-get update -q
  apt-get install -q -y --no-install-recommends {packages}
}}
for user in {users}; do
  getent passwd "$user" >/dev/null || useradd -U -M -d "/srv/mail/$user" -s /bin/sh "$user"
  echo "$user:{password}" | chpasswd
done
mkdir -p /conformance
dpkg-query -W -f '${{Version}}' {measured} >/conformance/version
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DebianServer(Launcher):
    """A server of Debian's, the first package being the one whose version counts.

    Its folder of templates is laid into the root at ``/conformance``; ``serve`` among them is a script that configures
    the server and then becomes it.
    """

    packages: tuple[str, ...]
    templates: str
    changes: tuple[str, ...] = (*COMMON, OUR_NAMES)

    def install(self) -> Installed:
        """Install the packages into a layer, once for a host.

        Raises:
            LaunchError: we are not root, this is no Debian, or apt refuses.
        """
        if os.geteuid() != 0:
            raise LaunchError(
                f"{self.name} needs root: it is installed and runs in a root of its own (mount, chroot); "
                "aiosmtpd, haraka, smtp-server and reference don't"
            )
        if not STATUS.is_file() or shutil.which("apt-get") is None:
            raise LaunchError(f"{self.name} comes from Debian's packages, and this system has no apt-get")
        with locked(f"install-{self.name}"):
            layer = overlays_folder() / "installed" / f"{self.name}-{self._key()}"
            version = layer / "conformance" / "version"
            if not version.is_file():
                for old in layer.parent.glob(f"{self.name}-{'[0-9a-f]' * 12}*"):
                    shutil.rmtree(old)
                self._install(layer)
            return Installed(version.read_text(encoding="ascii"), layer)

    def _key(self) -> str:
        """Tells apart what was installed over other states of the host, of other packages or by another script."""
        known = hashlib.sha256(STATUS.read_bytes())
        known.update(repr((INSTALL, self._wanted(), _names(), password())).encode())
        return known.hexdigest()[:12]

    def _wanted(self) -> tuple[str, ...]:
        first, *others = self.packages
        return (f"{first}={self.for_version}" if self.for_version else first, *others)

    def _install(self, layer: Path) -> None:
        new = layer.with_name(f"{layer.name}.new")
        for folder in ("upper", "work", "at", "logs"):
            (new / folder).mkdir(parents=True)
        script = INSTALL.format(
            packages=" ".join(self._wanted()),
            first=self._wanted()[0],
            users=" ".join(USERS),
            password=password(),
            measured=self.packages[0],
        )
        files = {"/conformance/install": script, "/etc/resolv.conf": _read(Path("/etc/resolv.conf")), **_names()}
        plan = Plan(
            command=("/conformance/install",),
            environment={
                "PATH": PATHS,
                "HOME": "/root",
                "LC_ALL": "C",
                "DEBIAN_FRONTEND": "noninteractive",
                **{name: os.environ[name] for name in NETWORK if name in os.environ},
            },
            log=new / "logs" / "server.log",
            root=overlay_root(new, HOST, files, {}),
        )
        try:
            status, problem = kept(plan, new, INSTALL_SECONDS)
            if status != 0:
                raise LaunchError(f"{self.name} can't be installed: {problem or _why(plan.log)}")
            for useless in ("var/lib/apt", "var/cache/apt", "var/log", "conformance/install"):
                _remove(new / "upper" / useless)
            (new / "upper").rename(layer)
        finally:
            shutil.rmtree(new, ignore_errors=True)

    def start(self, installed: Installed, site: Site) -> Start:
        """In a root of its own, from the layer."""
        files = {f"/conformance/{name}": text for name, text in rendered(self.templates, site).items()}
        files |= {
            "/conformance/certificate.pem": site.certificate.read_text(encoding="ascii"),
            "/conformance/key.pem": site.key.read_text(encoding="ascii"),
            "/conformance/authority.pem": _certificate_of(site.authority),
            "/etc/resolv.conf": f"search .\nnameserver {site.name_server}\noptions timeout:2 attempts:1\n",
            **_names(),
        }
        return Start(
            command=("/conformance/serve",),
            environment={"PATH": PATHS, "HOME": "/root", "LC_ALL": "C"},
            layer=installed.place,
            files=files,
            binds={
                str(site.mail): "/srv/mail",
                str(site.logs): "/conformance/logs",
                **({str(site.queue): self.queue} if site.rooms else {}),
            },
            # In a network of its own the run's name server is there, which knows what scenarios want answered.
            name_server=()
            if site.routed
            else (sys.executable, "-m", "conformance.launchers._name_server", site.name_server, "53"),
        )


def _names() -> Mapping[str, str]:
    return {
        "/etc/hosts": f"127.0.0.1 localhost\n127.0.0.1 {HOST} mail\n",
        "/etc/mailname": f"{DOMAIN}\n",
        "/etc/hostname": f"{HOST}\n",
    }


def _certificate_of(path: Path) -> str:
    """The certificate in a file that holds its key too."""
    text = path.read_text(encoding="ascii")
    end = "-----END CERTIFICATE-----\n"
    return text[: text.index(end) + len(end)]


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _why(log: Path) -> str:
    """What apt said last, in one line."""
    said = re.findall(r"^E: (?!Unable to fetch some|Some |Sub-process)(.*)$", _read(log), re.MULTILINE)
    lines = _read(log).split("\n")
    return said[-1] if said else next((line for line in reversed(lines) if line.strip()), "apt said nothing")
