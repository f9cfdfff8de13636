CREATE TABLE "access_keys" (
	"access_key_id" text collate "C" PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"role" text NOT NULL,
	"products" jsonb,
	"sealed_secret" text NOT NULL,
	"created_at_ms" bigint NOT NULL,
	"created_by" text NOT NULL,
	"expires_at_ms" bigint,
	"last_used_at_ms" bigint,
	"last_peer" text
);
--> statement-breakpoint
CREATE INDEX "access_keys_age" ON "access_keys" USING btree ("created_at_ms","access_key_id");