"""Logs a device in over MQTT in a WebSocket and publishes one message with QoS 1. Needs Python 3.8 or newer and its standard library only.

Environment: PRODUCT_KEY, DEVICE_NAME, DEVICE_SECRET; HOST and MQTT_PORT if they are not 127.0.0.1 and 1883; CA_FILE for wss.
"""

import base64
import hashlib
import hmac
import os
import socket
import ssl
import struct
import sys

PRODUCT_KEY = os.environ["PRODUCT_KEY"]
DEVICE_NAME = os.environ["DEVICE_NAME"]
DEVICE_SECRET = os.environ["DEVICE_SECRET"]
HOST = os.environ.get("HOST", "127.0.0.1")
PORT = int(os.environ.get("MQTT_PORT", "1883"))


def connect():
    """A line to the gateway that speaks WebSocket with the subprotocol mqtt."""
    line = socket.create_connection((HOST, PORT), timeout=10)
    if "CA_FILE" in os.environ:
        line = ssl.create_default_context(cafile=os.environ["CA_FILE"]).wrap_socket(line, server_hostname=HOST)
    key = base64.b64encode(os.urandom(16)).decode()
    line.sendall(
        f"GET / HTTP/1.1\r\nHost: {HOST}:{PORT}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n".encode()
    )
    reader = line.makefile("rb")
    if b" 101 " not in reader.readline():
        sys.exit("the gateway does not speak WebSocket here")
    while reader.readline() != b"\r\n":
        pass
    return line, reader


def send(line, packet):
    """Sends one binary message, masked as every message of a client (RFC 6455, 5.3)."""
    mask = os.urandom(4)
    length = bytes([0x80 | len(packet)]) if len(packet) < 126 else b"\xfe" + struct.pack(">H", len(packet))
    line.sendall(b"\x82" + length + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(packet)))


def receive(reader, count):
    """The next bytes. A packet may lie across messages, which are short here."""
    global received
    while len(received) < count:
        head = reader.read(2)
        if head[:1] != b"\x82":
            sys.exit("the gateway closed the connection")
        received += reader.read(head[1])
    taken, received = received[:count], received[count:]
    return taken


def text(value):
    return struct.pack(">H", len(value.encode())) + value.encode()


def packet(kind, body):
    """Kind and flags, the length in one byte or more of seven bits, and the body."""
    length, head = len(body), bytes([kind])
    while length > 127:
        head, length = head + bytes([0x80 | length & 0x7F]), length >> 7
    return head + bytes([length]) + body


client_id = f"{PRODUCT_KEY}.{DEVICE_NAME}"
signed = f"clientId{client_id}deviceName{DEVICE_NAME}productKey{PRODUCT_KEY}"
mac = hmac.new(DEVICE_SECRET.encode(), signed.encode(), hashlib.sha256).hexdigest()
identifier = f"{client_id}|securemode={2 if 'CA_FILE' in os.environ else 3},signmethod=hmacsha256|"
payload = (sys.argv[1] if len(sys.argv) > 1 else "hello over WebSocket").encode()

received = b""
line, reader = connect()
login = text("MQTT") + b"\x04\xc2" + struct.pack(">H", 60) + text(identifier)
send(line, packet(0x10, login + text(f"{DEVICE_NAME}&{PRODUCT_KEY}") + text(mac)))
code = receive(reader, 4)[3]
if code != 0:
    sys.exit(f"the login was refused with code {code}")
send(line, packet(0x32, text(f"/{PRODUCT_KEY}/{DEVICE_NAME}/user/update") + b"\x00\x01" + payload))
if receive(reader, 4) != b"\x40\x02\x00\x01":
    sys.exit("the message was not acknowledged")
send(line, b"\xe0\x00")
print("published and acknowledged")
