CREATE TABLE "access_key_nonces" (
	"digest" text PRIMARY KEY NOT NULL,
	"ends_at_ms" bigint NOT NULL
);
--> statement-breakpoint
CREATE INDEX "access_key_nonces_end" ON "access_key_nonces" USING btree ("ends_at_ms");--> statement-breakpoint
CREATE INDEX "devices_iot_id" ON "devices" USING btree ("iot_id");