-- The exchange tables of a department's PostgreSQL, as kiosk writes and reads them: made from data/exchange.toml (a test
-- compares). Types and lengths are those that one public program creates; *unverified* nationally. Run it once, as their owner:
--   psql -f exchange.sql DATABASE
-- and let kiosk's role add and read: grant select, insert on all tables in schema public to kiosk;
--                                    grant update (read_time) on down_pro_result to kiosk;

create table up_pro_accept (
  row_guid varchar(50) primary key,
  cd_operation varchar(2) not null,
  cd_time timestamp(0) not null,
  cd_batch varchar(32) not null,
  data_source varchar(3) not null,
  project_no varchar(50) not null,
  catalog_code varchar(12) not null,
  task_code varchar(36) not null,
  task_name varchar(1000) not null,
  task_version integer not null,
  project_type varchar(2) not null,
  project_name varchar(1000),
  applyer_name varchar(100) not null,
  applyer_type varchar(2) not null,
  applyer_page_type varchar(70) not null,
  applyer_page_code varchar(500) not null,
  contact_name varchar(100),
  contact_mobile varchar(11),
  address varchar(1000),
  apply_date timestamp(0) not null,
  apply_type varchar(2) not null,
  accept_date timestamp(0) not null,
  promise_date timestamp(0),
  accept_doc_no varchar(50),
  handle_user_name varchar(100),
  org_code varchar(64) not null,
  org_name varchar(100) not null
);
create index up_pro_accept_project_no on up_pro_accept (project_no);
comment on table up_pro_accept is '办件受理信息';
comment on column up_pro_accept.row_guid is '记录唯一标识';
comment on column up_pro_accept.cd_operation is '同步类型';
comment on column up_pro_accept.cd_time is '同步时间';
comment on column up_pro_accept.cd_batch is '批次号';
comment on column up_pro_accept.data_source is '数据来源';
comment on column up_pro_accept.project_no is '办件编号';
comment on column up_pro_accept.catalog_code is '基本编码';
comment on column up_pro_accept.task_code is '实施编码';
comment on column up_pro_accept.task_name is '事项名称';
comment on column up_pro_accept.task_version is '事项版本';
comment on column up_pro_accept.project_type is '办件类型';
comment on column up_pro_accept.project_name is '办理摘要';
comment on column up_pro_accept.applyer_name is '申请人名称';
comment on column up_pro_accept.applyer_type is '申请人类型';
comment on column up_pro_accept.applyer_page_type is '申请人证件类型';
comment on column up_pro_accept.applyer_page_code is '申请人证件号码';
comment on column up_pro_accept.contact_name is '联系人姓名';
comment on column up_pro_accept.contact_mobile is '联系人手机号码';
comment on column up_pro_accept.address is '通讯地址';
comment on column up_pro_accept.apply_date is '申请时间';
comment on column up_pro_accept.apply_type is '申请类型';
comment on column up_pro_accept.accept_date is '受理时间';
comment on column up_pro_accept.promise_date is '承诺办结时间';
comment on column up_pro_accept.accept_doc_no is '受理文书编号';
comment on column up_pro_accept.handle_user_name is '受理人员';
comment on column up_pro_accept.org_code is '受理部门编码';
comment on column up_pro_accept.org_name is '受理部门';

create table up_pro_process (
  row_guid varchar(50) primary key,
  cd_operation varchar(2) not null,
  cd_time timestamp(0) not null,
  cd_batch varchar(32) not null,
  data_source varchar(3) not null,
  project_no varchar(50) not null,
  process_name varchar(1000) not null,
  event_name varchar(2) not null,
  event_start_time timestamp(0) not null,
  event_end_time timestamp(0) not null,
  handle_user_name varchar(100) not null,
  handle_explain varchar(2000) not null,
  remark varchar(256)
);
create index up_pro_process_project_no on up_pro_process (project_no);
comment on table up_pro_process is '办件过程信息';
comment on column up_pro_process.row_guid is '记录唯一标识';
comment on column up_pro_process.cd_operation is '同步类型';
comment on column up_pro_process.cd_time is '同步时间';
comment on column up_pro_process.cd_batch is '批次号';
comment on column up_pro_process.data_source is '数据来源';
comment on column up_pro_process.project_no is '办件编号';
comment on column up_pro_process.process_name is '办理环节名称';
comment on column up_pro_process.event_name is '业务动作';
comment on column up_pro_process.event_start_time is '环节开始时间';
comment on column up_pro_process.event_end_time is '环节结束时间';
comment on column up_pro_process.handle_user_name is '办理人员';
comment on column up_pro_process.handle_explain is '办理意见';
comment on column up_pro_process.remark is '备注';

create table up_pro_result (
  row_guid varchar(50) primary key,
  cd_operation varchar(2) not null,
  cd_time timestamp(0) not null,
  cd_batch varchar(32) not null,
  data_source varchar(3) not null,
  project_no varchar(50) not null,
  result_type varchar(2) not null,
  result_date timestamp(0) not null,
  result_explain varchar(2000),
  result_cetr_name varchar(256),
  result_cetr_no varchar(2000),
  is_delivery_results varchar(2) not null,
  satisfaction varchar(2),
  handle_user_name varchar(100),
  remark varchar(256)
);
create index up_pro_result_project_no on up_pro_result (project_no);
comment on table up_pro_result is '办件结果信息';
comment on column up_pro_result.row_guid is '记录唯一标识';
comment on column up_pro_result.cd_operation is '同步类型';
comment on column up_pro_result.cd_time is '同步时间';
comment on column up_pro_result.cd_batch is '批次号';
comment on column up_pro_result.data_source is '数据来源';
comment on column up_pro_result.project_no is '办件编号';
comment on column up_pro_result.result_type is '办结结果';
comment on column up_pro_result.result_date is '办结时间';
comment on column up_pro_result.result_explain is '办件结果描述';
comment on column up_pro_result.result_cetr_name is '结果证照名称';
comment on column up_pro_result.result_cetr_no is '结果证照编号';
comment on column up_pro_result.is_delivery_results is '是否快递递送结果';
comment on column up_pro_result.satisfaction is '满意度';
comment on column up_pro_result.handle_user_name is '办理人员';
comment on column up_pro_result.remark is '备注';

create table up_pro_special_procedure (
  row_guid varchar(50) primary key,
  cd_operation varchar(2) not null,
  cd_time timestamp(0) not null,
  cd_batch varchar(32) not null,
  data_source varchar(3) not null,
  project_no varchar(50) not null,
  special_type varchar(2) not null,
  special_name varchar(1000) not null,
  special_reason varchar(2000) not null,
  special_time timestamp(0) not null,
  end_time timestamp(0) not null,
  result varchar(2000),
  handle_user varchar(100),
  remark varchar(256)
);
create index up_pro_special_procedure_project_no on up_pro_special_procedure (project_no);
comment on table up_pro_special_procedure is '特别程序信息';
comment on column up_pro_special_procedure.row_guid is '记录唯一标识';
comment on column up_pro_special_procedure.cd_operation is '同步类型';
comment on column up_pro_special_procedure.cd_time is '同步时间';
comment on column up_pro_special_procedure.cd_batch is '批次号';
comment on column up_pro_special_procedure.data_source is '数据来源';
comment on column up_pro_special_procedure.project_no is '办件编号';
comment on column up_pro_special_procedure.special_type is '特别程序种类';
comment on column up_pro_special_procedure.special_name is '特别程序种类名称';
comment on column up_pro_special_procedure.special_reason is '特别程序启动理由或依据';
comment on column up_pro_special_procedure.special_time is '特别程序开始时间';
comment on column up_pro_special_procedure.end_time is '特别程序结束时间';
comment on column up_pro_special_procedure.result is '特别程序结果';
comment on column up_pro_special_procedure.handle_user is '办理人';
comment on column up_pro_special_procedure.remark is '备注';

create table up_pro_material (
  row_guid varchar(50) primary key,
  cd_operation varchar(2) not null,
  cd_time timestamp(0) not null,
  cd_batch varchar(32) not null,
  data_source varchar(3) not null,
  project_no varchar(50) not null,
  material_name varchar(200) not null,
  get_type varchar(2) not null,
  get_num varchar(5),
  material_attach_name varchar(200),
  remark varchar(1000)
);
create index up_pro_material_project_no on up_pro_material (project_no);
comment on table up_pro_material is '材料目录信息';
comment on column up_pro_material.row_guid is '记录唯一标识';
comment on column up_pro_material.cd_operation is '同步类型';
comment on column up_pro_material.cd_time is '同步时间';
comment on column up_pro_material.cd_batch is '批次号';
comment on column up_pro_material.data_source is '数据来源';
comment on column up_pro_material.project_no is '办件编号';
comment on column up_pro_material.material_name is '材料名称';
comment on column up_pro_material.get_type is '收取方式';
comment on column up_pro_material.get_num is '收取数量';
comment on column up_pro_material.material_attach_name is '附件名称';
comment on column up_pro_material.remark is '备注';

create table up_lic_data (
  row_guid varchar(50) primary key,
  cd_operation varchar(2) not null,
  cd_time timestamp(0) not null,
  cd_batch varchar(32) not null,
  data_source varchar(3) not null,
  certificate_source_id varchar(128) not null,
  certificate_type varchar(256) not null,
  certificate_type_code varchar(64) not null,
  certificate_name varchar(512) not null,
  certificate_number varchar(128) not null,
  certificate_holder varchar(256) not null,
  certificate_holder_code varchar(256) not null,
  certificate_holder_type varchar(2000),
  issue_dept varchar(256) not null,
  issue_dept_code varchar(32) not null,
  issue_date varchar(8) not null,
  certificate_area_code varchar(32) not null
);
create index up_lic_data_cd_batch on up_lic_data (cd_batch);
comment on table up_lic_data is '证照目录信息';
comment on column up_lic_data.row_guid is '记录唯一标识';
comment on column up_lic_data.cd_operation is '同步类型';
comment on column up_lic_data.cd_time is '同步时间';
comment on column up_lic_data.cd_batch is '批次号';
comment on column up_lic_data.data_source is '数据来源';
comment on column up_lic_data.certificate_source_id is '电子证照源标识';
comment on column up_lic_data.certificate_type is '证照类型名称';
comment on column up_lic_data.certificate_type_code is '证照类型代码';
comment on column up_lic_data.certificate_name is '证照名称';
comment on column up_lic_data.certificate_number is '证照编码';
comment on column up_lic_data.certificate_holder is '持证主体';
comment on column up_lic_data.certificate_holder_code is '持证主体代码';
comment on column up_lic_data.certificate_holder_type is '持证主体代码类型';
comment on column up_lic_data.issue_dept is '证照颁发机构';
comment on column up_lic_data.issue_dept_code is '证照颁发机构代码';
comment on column up_lic_data.issue_date is '证照颁发日期';
comment on column up_lic_data.certificate_area_code is '证照所属管辖属地编码';

create table down_pro_result (
  row_guid varchar(50) primary key,
  project_no varchar(50) not null,
  result_type varchar(2) not null,
  result_date timestamp(0) not null,
  result_explain varchar(2000),
  result_cetr_no varchar(2000),
  handle_user_name varchar(100),
  cd_time timestamp(0) not null,
  read_time timestamp(0)
);
create index down_pro_result_read_time on down_pro_result (read_time);
comment on table down_pro_result is '部门回传的办件结果';
comment on column down_pro_result.row_guid is '记录唯一标识';
comment on column down_pro_result.project_no is '办件编号';
comment on column down_pro_result.result_type is '办结结果';
comment on column down_pro_result.result_date is '办结时间';
comment on column down_pro_result.result_explain is '办件结果描述';
comment on column down_pro_result.result_cetr_no is '结果证照编号';
comment on column down_pro_result.handle_user_name is '办理人员';
comment on column down_pro_result.cd_time is '同步时间';
comment on column down_pro_result.read_time is '取走时间';
