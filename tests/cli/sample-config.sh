# SPDX-License-Identifier: MIT
# The files of the samples: a configuration, and two routers.
cat > yaraorm.ini <<'INI'
[connection default]
url=postgresql://db1/app
role=primary
[connection replica]
url=postgresql://db2/app
role=standby
max-lag-bytes=1MiB
[connection cache]
url=sqlite:cache.db
[model User]
field.id=int64; primary-key
[model Snapshot]
field.id=int64; primary-key
[model Audit]
field.id=int64; primary-key
INI
cp sample.so replica_router.so
cp sample.so active.so
cp template.so emergency.so
