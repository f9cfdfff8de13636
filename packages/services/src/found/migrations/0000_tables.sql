CREATE TABLE "found_lists" (
	"product_key" text collate "C" NOT NULL,
	"device_name" text collate "C" NOT NULL,
	"found" jsonb NOT NULL,
	"found_at_ms" bigint NOT NULL,
	CONSTRAINT "found_lists_pk" PRIMARY KEY("product_key","device_name")
);
--> statement-breakpoint
ALTER TABLE "found_lists" ADD CONSTRAINT "found_lists_device_fk" FOREIGN KEY ("product_key","device_name") REFERENCES "public"."devices"("product_key","device_name") ON DELETE cascade ON UPDATE no action;