CREATE TABLE "api_keys" (
	"key_id" text collate "C" PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"role" text NOT NULL,
	"products" jsonb,
	"digest" text NOT NULL,
	"previous_digest" text,
	"previous_ends_at_ms" bigint,
	"created_at_ms" bigint NOT NULL,
	"created_by" text NOT NULL,
	"expires_at_ms" bigint,
	"last_used_at_ms" bigint,
	"last_peer" text
);
--> statement-breakpoint
CREATE TABLE "operator_sessions" (
	"token_hash" text PRIMARY KEY NOT NULL,
	"key_id" text NOT NULL,
	"key_tag" text NOT NULL,
	"created_at_ms" bigint NOT NULL,
	"seen_at_ms" bigint NOT NULL,
	"peer" text NOT NULL
);
--> statement-breakpoint
CREATE INDEX "api_keys_age" ON "api_keys" USING btree ("created_at_ms","key_id");--> statement-breakpoint
CREATE INDEX "operator_sessions_key" ON "operator_sessions" USING btree ("key_id");