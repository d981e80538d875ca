# HTM Studio in a container: docker build -t htm-studio . && docker run -p 8501:8501 htm-studio
# x86-64, for which the lock file holds the hashes; see DEPLOY.md for the rest.
FROM python:3.11-slim-bookworm

WORKDIR /app
# The packages first: they change less often than the code.
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock

COPY app.py ./
COPY .streamlit ./.streamlit
COPY assets ./assets
COPY htm_engine ./htm_engine
COPY pages ./pages
COPY studio ./studio

# Who is inside may write the history of runs and compiled code, and nothing else.
RUN useradd --create-home --uid 10001 studio && install -d -o studio /data /data/compiled
USER studio
ENV HTM_STUDIO_DATA=/data \
    NUMBA_CACHE_DIR=/data/compiled \
    OMP_NUM_THREADS=1 \
    PYTHONDONTWRITEBYTECODE=1
# Machine code for the processor that builds; on another kind the server compiles by itself.
RUN python -m htm_engine warm
VOLUME /data
EXPOSE 8501

HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD \
    ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]

CMD ["python", "-m", "studio.serving", "--server.address=0.0.0.0", "--server.headless=true"]
