#!/usr/bin/env bash
# Logs a device in over HTTP, waits up to 30 s for a message from an application, prints it and acknowledges it. Needs curl and openssl.
# Environment: PRODUCT_KEY, DEVICE_NAME, DEVICE_SECRET; HOST and HTTP_PORT if they are not 127.0.0.1 and 8080.
set -euo pipefail

url="http://${HOST:-127.0.0.1}:${HTTP_PORT:-8080}"
client_id="$PRODUCT_KEY.$DEVICE_NAME"
text="clientId${client_id}deviceName${DEVICE_NAME}productKey${PRODUCT_KEY}"
mac=$(printf %s "$text" | openssl dgst -sha256 -hmac "$DEVICE_SECRET" -r | cut -d' ' -f1)

login=$(curl -sS "$url/auth" -H 'Content-Type: application/json' -d "{\"productKey\":\"$PRODUCT_KEY\",\
\"deviceName\":\"$DEVICE_NAME\",\"clientId\":\"$client_id\",\"signmethod\":\"hmacsha256\",\"sign\":\"$mac\"}")
token=$(printf %s "$login" | sed -n 's/.*"token":"\([^"]*\)".*/\1/p')
[ -n "$token" ] || { echo "the login was refused: $login" >&2; exit 1; }

message=$(mktemp)
trap 'rm -f "$message"' EXIT
head=$(curl -sS -D - -o "$message" "$url/mailbox?waitMs=30000" -H "password: $token" | tr -d '\r')
id=$(printf %s "$head" | sed -n 's/^x-message-id: //p')
# Without an id it is no message: nothing came (status 204), or the body says why not.
[ -n "$id" ] || { echo "no message: ${head%%$'\n'*} $(cat "$message")" >&2; exit 1; }
cat "$message"

# Until this is answered the message stays in the mailbox, and would be fetched again.
answer=$(curl -sS -X DELETE "$url/mailbox/$id" -H "password: $token")
case "$answer" in '{"code":0,'*) ;; *) echo "not acknowledged: $answer" >&2; exit 1 ;; esac
