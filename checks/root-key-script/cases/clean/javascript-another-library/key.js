const minio = require("minio");
new minio.Client().createAccessKey({ UserName: "root" });
