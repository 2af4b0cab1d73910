drop table if exists item_tag;
