"""Files as Windows' own programs write them, made by us: certreq's and Exchange's request, the answers of
certutil and of a Microsoft CA, and the PFX of the export wizard."""
import os
import subprocess
import tempfile

CSP = "Microsoft RSA SChannel Cryptographic Provider"


def tlv(tag, *parts):
    content = b"".join(parts)
    length = len(content)
    if length < 128:
        return bytes([tag, length]) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + content


def oid(text):
    first, second, *rest = map(int, text.split("."))
    out = bytearray([40 * first + second])
    for number in rest:
        part = [number & 0x7f]
        while number := number >> 7:
            part.append(0x80 | number & 0x7f)
        out += bytes(reversed(part))
    return tlv(6, bytes(out))


def sequence(*parts):
    return tlv(0x30, *parts)


def bmp(text):
    return tlv(0x1e, text.encode("utf-16-be"))


def printable(text):
    return tlv(0x13, text.encode("ascii"))


def name(*entries):
    return sequence(*(tlv(0x31, sequence(oid(kind), value)) for kind, value in entries))


def extension(kind, value, critical=False):
    return sequence(oid(kind), tlv(1, b"\xff") if critical else b"", tlv(4, value))


def attribute(kind, *values):
    return sequence(oid(kind), tlv(0x31, *values))


def spki_of(key):
    public = subprocess.run(["openssl", "pkey", "-pubout", "-outform", "DER"], input=key, check=True,
                            capture_output=True).stdout
    return public


def sign(key, message):
    with tempfile.NamedTemporaryFile() as file:
        file.write(key)
        file.flush()
        return subprocess.run(["openssl", "dgst", "-sha256", "-sign", file.name], input=message, check=True,
                              capture_output=True).stdout


ATTRIBUTES = {
    "version": attribute("1.3.6.1.4.1.311.13.2.3", tlv(0x16, b"10.0.20348.2")),
    "client": attribute("1.3.6.1.4.1.311.21.20", sequence(
        tlv(2, b"\x05"), tlv(0xc, b"MAIL01.shop.example.com"), tlv(0xc, "SHOP\\管理員".encode()),
        tlv(0xc, b"Microsoft.Exchange.ServiceHost.exe"))),
    "provider": attribute("1.3.6.1.4.1.311.13.2.2", sequence(tlv(2, b"\x01"), bmp(CSP), tlv(3, b"\x00"))),
}


def extensions(names):
    return attribute("1.2.840.113549.1.9.14", sequence(
        extension("2.5.29.15", tlv(3, b"\x05\xa0"), critical=True),
        extension("2.5.29.17", sequence(*(tlv(0x82, one.encode()) for one in names))),
        extension("2.5.29.19", sequence(), critical=True),
        extension("2.5.29.37", sequence(oid("1.3.6.1.5.5.7.3.1"))),
        extension("1.2.840.113549.1.9.15", sequence(sequence(oid("1.2.840.113549.3.7")))),
        extension("2.5.29.14", tlv(4, bytes(range(20))))))


# Which attributes, in the order in which the program writes them: it is not DER's.
ORDERS = {
    "certreq": ("version", "client", "provider", "extensions"),
    "Exchange": ("client", "version", "extensions", "provider"),
    "IIS 7": ("version", "extensions", "provider"),
}


def request(key, names, program, organisation="商店有限公司"):
    """PKCS#10 (RFC 2986) as DER. `key`: PEM of an RSA key."""
    subject = name(("2.5.4.6", printable("HK")), ("2.5.4.8", printable("Hong Kong")),
                   ("2.5.4.7", printable("Hong Kong")), ("2.5.4.10", bmp(organisation)),
                   ("2.5.4.3", printable(names[0])))
    attributes = {**ATTRIBUTES, "extensions": extensions(names)}
    info = sequence(tlv(2, b"\x00"), subject, spki_of(key), tlv(0xa0, *(attributes[one] for one in ORDERS[program])))
    algorithm = sequence(oid("1.2.840.113549.1.1.11"), tlv(5))
    return sequence(info, algorithm, tlv(3, b"\x00", sign(key, info)))


def pem(label, der):
    """CRLF, 64 characters a line, an empty line behind it."""
    text = subprocess.run(["openssl", "base64"], input=der, check=True, capture_output=True).stdout.decode()
    return f"-----BEGIN {label}-----\n{text}-----END {label}-----\n\n".replace("\n", "\r\n")


def utf16(text, mark=True):
    return (b"\xff\xfe" if mark else b"") + text.encode("utf-16-le")


def certificate_der(text):
    return subprocess.run(["openssl", "x509", "-outform", "DER"], input=text.encode(), check=True,
                          capture_output=True).stdout


def p7b(*texts):
    """A degenerate SignedData (RFC 2315 §9): certificates, nobody's signature."""
    return sequence(oid("1.2.840.113549.1.7.2"), tlv(0xa0, sequence(
        tlv(2, b"\x01"), tlv(0x31), sequence(oid("1.2.840.113549.1.7.1")),
        tlv(0xa0, *map(certificate_der, texts)), tlv(0x31))))


def pfx(directory, key, certificate, issuer, friendly="網頁伺服器"):
    """As the export wizard of Windows Server 2012: 3DES and SHA-1, the provider's name, the machine's key set,
    the usage of the key, names as BMPString, key and certificate tied by a local key id. Password: secret."""
    path = os.path.join(directory, "windows.pfx")
    subprocess.run(["openssl", "pkcs12", "-export", "-inkey", key, "-in", certificate, "-certfile", issuer, "-out",
                    path, "-passout", "pass:secret", "-name", friendly, "-keypbe", "PBE-SHA1-3DES", "-certpbe",
                    "PBE-SHA1-3DES", "-macalg", "sha1", "-iter", "2000", "-CSP", CSP, "-keyex", "-LMK"],
                   check=True, capture_output=True)
    return path
