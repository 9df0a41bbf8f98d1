# One image for web server, workers and beat. pg_dump comes with the embedded PostgreSQL; another server version needs its own.
FROM python:3.12-slim
ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 DJANGO_ENV=production DATA_DIR=/data
RUN useradd --create-home --uid 10001 crm && install -d -o crm -g crm /data /backups
WORKDIR /app
COPY requirements.txt .
RUN pip install --disable-pip-version-check -r requirements.txt
COPY . .
# Only to collect the files: with words in the place of secrets none is made, and none is kept in the image.
RUN DJANGO_ENV=development SECRET_KEY=build FERNET_KEYS=build BACKUP_KEY=build DATABASE_URL=postgresql://none/none \
    REDIS_URL=redis://none python manage.py collectstatic --no-input
USER crm
EXPOSE 8000
