CREATE TABLE "topology_links" (
	"product_key" text collate "C" NOT NULL,
	"device_name" text collate "C" NOT NULL,
	"gateway_product_key" text collate "C" NOT NULL,
	"gateway_device_name" text collate "C" NOT NULL,
	"added_at_ms" bigint NOT NULL,
	CONSTRAINT "topology_links_product_key_device_name_pk" PRIMARY KEY("product_key","device_name")
);
--> statement-breakpoint
ALTER TABLE "topology_links" ADD CONSTRAINT "topology_links_device" FOREIGN KEY ("product_key","device_name") REFERENCES "public"."devices"("product_key","device_name") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "topology_links" ADD CONSTRAINT "topology_links_gateway" FOREIGN KEY ("gateway_product_key","gateway_device_name") REFERENCES "public"."devices"("product_key","device_name") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "topology_links_behind" ON "topology_links" USING btree ("gateway_product_key","gateway_device_name","product_key","device_name");