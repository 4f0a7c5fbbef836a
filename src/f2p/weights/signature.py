"""Signatures of weights: Ed25519 over the manifest, which names the sha-256 of the tensors.

A store asks for one where its folder `trusted` holds public keys. Keys are PEM files, as
`openssl genpkey -algorithm ed25519` and `openssl pkey -pubout` write them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from f2p.weights.errors import BadWeightsFileError, KeyFileError, SignatureError
from f2p.weights.files import read_regular

_MOST_BYTES = 64 * 1024
"""Largest key or signature file that is read [bytes] (ours: they take a few hundred)."""


def sign(data: bytes, key: Path) -> bytes:
    """Return the signature of `data` as one line of base64. Raises KeyFileError where `key` is no private key."""
    try:
        private = load_pem_private_key(_read(key), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyFileError(key, f"no Ed25519 private key without a password ({error})") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise KeyFileError(key, "its key is of another kind than Ed25519")
    return base64.b64encode(private.sign(data)) + b"\n"


def signer_of(data: bytes, signature: Path, keys: Sequence[Path]) -> str:
    """Return the name of the key of `keys` that signed `data`: the file's stem and the beginning of its fingerprint.

    Raises:
        SignatureError: The signature is missing, damaged, or by none of them.
        KeyFileError: One of `keys` is no public key.
    """
    known = [(path, _public(path)) for path in keys]
    names = ", ".join(path.stem for path in keys)
    try:
        signed = base64.b64decode(read_regular(signature, _MOST_BYTES).strip(), validate=True)
    except BadWeightsFileError as error:
        raise SignatureError(
            signature, f"it cannot be read ({error.reason}), and one by {names} is asked for"
        ) from error
    except binascii.Error as error:
        raise SignatureError(signature, "it is damaged") from error
    for path, key in known:
        try:
            key.verify(signed, data)
        except InvalidSignature:
            continue
        return f"{path.stem} ({fingerprint(key)})"
    raise SignatureError(signature, f"it is not by {names} over this manifest")


def fingerprint(key: Ed25519PublicKey) -> str:
    """Return the beginning of the sha-256 of a public key."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def trusted_keys(folder: Path) -> tuple[Path, ...]:
    """Return the public keys that a store asks for, in the order of their names."""
    return tuple(sorted((folder / "trusted").glob("*.pem")))


def _public(path: Path) -> Ed25519PublicKey:
    """Read a public key. Raises KeyFileError."""
    try:
        key = load_pem_public_key(_read(path))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyFileError(path, f"no public key ({error})") from error
    if not isinstance(key, Ed25519PublicKey):
        raise KeyFileError(path, "its key is of another kind than Ed25519")
    return key


def _read(path: Path) -> bytes:
    """Return a key file's bytes. Raises KeyFileError."""
    try:
        return read_regular(path, _MOST_BYTES)
    except BadWeightsFileError as error:
        raise KeyFileError(path, error.reason) from error
