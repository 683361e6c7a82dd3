create table t(a integer primary key, b text, c real);
with recursive n(i) as (select 1 union all select i+1 from n where i<200000)
  insert into t select i, 'name'||(i*7919%100003), i*1.1 from n;
create index tb on t(b);
select count(*), sum(c) from t where b like 'name1%';
select b, count(*) from t group by b order by 2 desc limit 5;
select json_group_array(json_object('a',a,'b',b)) is not null from t where a<20000;
