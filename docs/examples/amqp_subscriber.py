#!/usr/bin/env python3
"""Reads what devices sent over AMQP 1.0, and accepts it: python3 amqp_subscriber.py [count]

Needs Qpid Proton (Debian: python3-qpid-proton and libsasl2-modules). AMQP_HOST, AMQP_PORT, CA_FILE: the gateway. ACCESS_KEY_ID,
ACCESS_KEY_SECRET: from `trine access-keys create`. CONSUMER_GROUP: whose position it goes on from; made when it is read first. Prints one
line of JSON a message; ends after `count` of them, or never.
"""

import base64
import hashlib
import hmac
import json
import os
import socket
import sys
import time

from proton import SSLDomain
from proton.handlers import MessagingHandler
from proton.reactor import Container

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else None
KEY_ID = os.environ["ACCESS_KEY_ID"]
GROUP = os.environ.get("CONSUMER_GROUP", "DEFAULT_GROUP")
ADDRESS = f"amqps://{os.environ.get('AMQP_HOST', 'localhost')}:{os.environ.get('AMQP_PORT', '5671')}"


def credentials():
    timestamp = str(int(time.time() * 1000))
    user = f"{socket.gethostname()}|authMode=aksign,signMethod=hmacsha1,timestamp={timestamp},authId={KEY_ID},consumerGroupId={GROUP}|"
    signed = f"authId={KEY_ID}&timestamp={timestamp}"
    mac = hmac.new(os.environ["ACCESS_KEY_SECRET"].encode(), signed.encode(), hashlib.sha1)
    return user, base64.b64encode(mac.digest()).decode()


class Subscriber(MessagingHandler):
    def __init__(self):
        super().__init__()
        self.received = 0

    def on_start(self, event):
        user, password = credentials()
        domain = SSLDomain(SSLDomain.MODE_CLIENT)
        if "CA_FILE" in os.environ:
            domain.set_trusted_ca_db(os.environ["CA_FILE"])
            domain.set_peer_authentication(SSLDomain.VERIFY_PEER_NAME)
        connection = event.container.connect(
            ADDRESS, user=user, password=password, allowed_mechs="PLAIN", heartbeat=60, ssl_domain=domain
        )
        event.container.create_receiver(connection)

    def on_message(self, event):
        self.received += 1
        if COUNT is not None and self.received > COUNT:
            return
        message = event.message
        line = {name: message.properties[name] for name in ("topic", "messageId", "generateTime", "qos")}
        print(json.dumps({**line, "text": bytes(message.body).decode()}), flush=True)
        # When this returns, the message is accepted; if it raises, the message comes again.
        if self.received == COUNT:
            event.connection.close()

    def on_transport_error(self, event):
        sys.exit(f"{event.transport.condition.name}: {event.transport.condition.description}")

    def on_connection_error(self, event):
        sys.exit(f"{event.connection.remote_condition.name}: {event.connection.remote_condition.description}")


Container(Subscriber()).run()
