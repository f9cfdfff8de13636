#!/usr/bin/env python3
"""Reads what devices sent from the stream that Trine keeps in NATS JetStream, and acknowledges it: python3 nats_consumer.py [count]

The standard library only, so that every byte of the protocol is to be seen; an application uses a client library of NATS.
NATS_HOST, NATS_PORT: the server. NATS_CONSUMER: the durable consumer; it is made, from the oldest message on, and goes on where it was.
Prints one line of JSON a message; ends after `count` of them, or never.
"""

import base64
import json
import os
import socket
import sys
from urllib.parse import unquote

STREAM = "trine-uplink"
CONSUMER = os.environ.get("NATS_CONSUMER", "warehouse")
INBOX = "_INBOX." + os.urandom(8).hex()

address = (os.environ.get("NATS_HOST", "127.0.0.1"), int(os.environ.get("NATS_PORT", "4222")))
connection = socket.create_connection(address)
lines = connection.makefile("rb")


def publish(subject, payload=b"", reply=""):
    connection.sendall(f"PUB {subject} {reply} {len(payload)}\r\n".encode() + payload + b"\r\n")


def receive():
    """The next message for us: reply subject, headers, payload."""
    while True:
        words = lines.readline().decode().split()
        if not words:
            sys.exit("NATS closed the connection")
        if words[0] == "PING":
            connection.sendall(b"PONG\r\n")
        elif words[0] == "-ERR":
            sys.exit(" ".join(words))
        elif words[0] in ("MSG", "HMSG"):
            size = int(words[-1])
            head = int(words[-2]) if words[0] == "HMSG" else 0
            body = lines.read(size + 2)
            # subject and sid come first; a reply subject stands between them and the sizes.
            sizes = 2 if words[0] == "HMSG" else 1
            reply = words[3] if len(words) - sizes > 3 else ""
            return reply, headers_of(body[:head].decode()), body[head:size]


def headers_of(text):
    pairs = (line.split(":", 1) for line in text.split("\r\n")[1:] if ":" in line)
    return {name: value.strip() for name, value in pairs}


def ask(subject, body):
    publish(f"$JS.API.{subject}", json.dumps(body).encode(), INBOX)


lines.readline()  # INFO
connection.sendall(b'CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\n' + f"SUB {INBOX} 1\r\n".encode())
config = {"durable_name": CONSUMER, "ack_policy": "explicit", "deliver_policy": "all", "max_ack_pending": 1}
ask(f"CONSUMER.DURABLE.CREATE.{STREAM}.{CONSUMER}", {"stream_name": STREAM, "config": config})
answer = json.loads(receive()[2] or b'{"error": {"description": "JetStream does not answer"}}')
if "error" in answer:
    sys.exit(answer["error"]["description"])

left = int(sys.argv[1]) if len(sys.argv) > 1 else -1
while left != 0:
    # One at a time, over all processes of this consumer: so the order of every device holds.
    ask(f"CONSUMER.MSG.NEXT.{STREAM}.{CONSUMER}", {"batch": 1, "expires": 5_000_000_000})
    reply, headers, payload = receive()
    if not reply.startswith("$JS.ACK."):
        continue  # nothing came in time
    item = {
        "messageId": headers["Nats-Msg-Id"],
        "productKey": headers["Trine-Product-Key"],
        "deviceName": headers["Trine-Device-Name"],
        "topic": unquote(headers["Trine-Topic"]),
        "qos": int(headers["Trine-Qos"]),
        "transport": headers["Trine-Transport"],
        "receivedAt": headers["Trine-Received-At"],
        "payload": base64.b64encode(payload).decode(),
    }
    print(json.dumps(item), flush=True)
    publish(reply, b"+ACK")
    left -= 1
