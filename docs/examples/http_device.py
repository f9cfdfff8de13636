"""Logs a device in over HTTP and publishes one message. Needs Python 3.8 or newer and its standard library only.

Environment: PRODUCT_KEY, DEVICE_NAME, DEVICE_SECRET; HOST and HTTP_PORT if they are not 127.0.0.1 and 8080.
"""

import hashlib
import hmac
import http.client
import json
import os
import sys

PRODUCT_KEY = os.environ["PRODUCT_KEY"]
DEVICE_NAME = os.environ["DEVICE_NAME"]
DEVICE_SECRET = os.environ["DEVICE_SECRET"]


def sign(fields):
    """The MAC over names and values, sorted by name, with nothing between."""
    text = "".join(name + fields[name] for name in sorted(fields))
    return hmac.new(DEVICE_SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()


def post(connection, path, body, headers):
    connection.request("POST", path, body, headers)
    return json.loads(connection.getresponse().read())


def log_in(connection):
    """Answers a session token; keep it, it is good for days."""
    fields = {"clientId": f"{PRODUCT_KEY}.{DEVICE_NAME}", "deviceName": DEVICE_NAME, "productKey": PRODUCT_KEY}
    body = json.dumps({**fields, "signmethod": "hmacsha256", "sign": sign(fields)})
    answer = post(connection, "/auth", body, {"Content-Type": "application/json"})
    if answer["code"] != 0:
        sys.exit(f"the login was refused: {answer}")
    return answer["info"]["token"]


def publish(connection, token, topic, payload):
    """Answers the message's id. Code 20001 would mean: log in again."""
    headers = {"Content-Type": "application/octet-stream", "password": token}
    answer = post(connection, f"/topic{topic}", payload, headers)
    if answer["code"] != 0:
        sys.exit(f"the message was refused: {answer}")
    return answer["info"]["messageId"]


connection = http.client.HTTPConnection(os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("HTTP_PORT", "8080")))
token = log_in(connection)
text = sys.argv[1] if len(sys.argv) > 1 else "hello over HTTP from Python"
print(publish(connection, token, f"/{PRODUCT_KEY}/{DEVICE_NAME}/user/update", text.encode()))
