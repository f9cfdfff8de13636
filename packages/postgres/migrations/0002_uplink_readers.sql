CREATE TABLE "uplink_once" (
	"message_id" text PRIMARY KEY NOT NULL,
	"came_at_ms" bigint NOT NULL
);
--> statement-breakpoint
ALTER TABLE "uplink_groups" ADD COLUMN "readers" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
CREATE INDEX "uplink_once_came" ON "uplink_once" USING btree ("came_at_ms");