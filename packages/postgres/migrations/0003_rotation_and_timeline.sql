CREATE TABLE "timeline" (
	"iot_id" text collate "C" NOT NULL,
	"at_ms" bigint NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "timeline_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"kind" text NOT NULL,
	"detail" jsonb NOT NULL,
	CONSTRAINT "timeline_iot_id_at_ms_id_pk" PRIMARY KEY("iot_id","at_ms","id")
);
--> statement-breakpoint
ALTER TABLE "devices" ADD COLUMN "next_sealed_secret" text;--> statement-breakpoint
ALTER TABLE "devices" ADD COLUMN "next_secret_version" integer;--> statement-breakpoint
ALTER TABLE "devices" ADD COLUMN "grace_ends_at_ms" bigint;--> statement-breakpoint
ALTER TABLE "devices" ADD COLUMN "last_seen_at_ms" bigint;--> statement-breakpoint
ALTER TABLE "products" ADD COLUMN "policy_version" integer;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "policy_version" integer;--> statement-breakpoint
CREATE INDEX "devices_grace" ON "devices" USING btree ("grace_ends_at_ms") WHERE "devices"."grace_ends_at_ms" is not null;--> statement-breakpoint
-- Presence changes a row again and again: with room on its page the new version stays there, and no index has to know.
ALTER TABLE "devices" SET (fillfactor = 85);