//! Runs the clinic's receiver.

use anyhow::{Context as _, Result};
use axum::Router;
use clap::Parser as _;
use tokio::net::TcpListener;
use webhook_receiver::config::Args;

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into()),
        )
        .init();
    let args = Args::parse();
    let (listen, board) = (args.listen, args.board);
    let receiver = args.receiver()?;
    let hooks = TcpListener::bind(listen)
        .await
        .with_context(|| format!("cannot listen on {listen}"))?;
    let inside = TcpListener::bind(board)
        .await
        .with_context(|| format!("cannot listen on {board}"))?;
    tracing::info!("webhooks to http://{listen}/hook, the board at http://{board}/meetings");
    tokio::try_join!(serve(hooks, receiver.hooks()), serve(inside, receiver.board()))?;
    Ok(())
}

async fn serve(listener: TcpListener, router: Router) -> std::io::Result<()> {
    axum::serve(listener, router)
        .with_graceful_shutdown(async {
            let _ = tokio::signal::ctrl_c().await;
        })
        .await
}
