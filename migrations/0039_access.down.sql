drop table access;
drop sequence access_no;
