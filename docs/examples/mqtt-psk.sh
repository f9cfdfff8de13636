#!/usr/bin/env bash
# Logs a device in over MQTT and TLS with a pre-shared key, and publishes one message with QoS 1. Needs mosquitto_pub and openssl.
# Environment: PRODUCT_KEY, DEVICE_NAME, DEVICE_SECRET; HOST and MQTTS_PORT if they are not 127.0.0.1 and 8883.
set -euo pipefail

hmac() { openssl dgst -sha256 -hmac "$DEVICE_SECRET" -r | cut -d' ' -f1; }

timestamp=2524608000000
identity="devicename|hmacsha256|$PRODUCT_KEY&$DEVICE_NAME|$timestamp"
key=$(printf %s "id$PRODUCT_KEY&${DEVICE_NAME}timestamp$timestamp" | hmac | tr a-f A-F)
# The key is this text of 64 characters; mosquitto wants its bytes in hex.
key_bytes=$(printf %s "$key" | od -An -v -tx1 | tr -d ' \n')

client_id="$PRODUCT_KEY.$DEVICE_NAME"
mac=$(printf %s "clientId${client_id}deviceName${DEVICE_NAME}productKey${PRODUCT_KEY}" | hmac)

mosquitto_pub -h "${HOST:-127.0.0.1}" -p "${MQTTS_PORT:-8883}" \
  --psk "$key_bytes" --psk-identity "$identity" --tls-version tlsv1.2 --ciphers PSK-AES128-CBC-SHA \
  -i "$client_id|securemode=2,signmethod=hmacsha256|" -u "$DEVICE_NAME&$PRODUCT_KEY" -P "$mac" \
  -q 1 -t "/$PRODUCT_KEY/$DEVICE_NAME/user/update" -m "${1:-hello with a shared key}"
echo "published and acknowledged"
