//! A server made with `rmcp` that has one of everything.

use std::sync::Arc;
use std::time::Duration;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, CancelTaskParams, CompleteRequestParams, CompleteResult,
    CompletionInfo, ContentBlock, CreateTaskResult, ElicitRequest, GetPromptRequestParams, GetPromptResponse,
    GetTaskParams, GetTaskResult, InputRequest, InputRequiredResult, ListPromptsResult, ListResourceTemplatesResult,
    ListResourcesResult, ListToolsResult, PaginatedRequestParams, ProgressNotificationParam, ReadResourceRequestParams,
    ReadResourceResponse, ServerInfo, SubscribeRequestParams, SubscriptionFilter, UpdateTaskParams,
};
use rmcp::service::{RequestContext, RoleServer, SubscriptionContext};
use rmcp::task_manager::{TaskManager, TaskOptions};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ErrorData, ServerHandler};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

pub(crate) type Library = StreamableHttpService<Server, LocalSessionManager>;

/// A service that answers with sessions and streams, or without sessions and, where it can, with one JSON text.
pub(crate) fn service(sessions: bool) -> Library {
    let server = Server { tasks: TaskManager::new() };
    StreamableHttpService::new(
        move || Ok(server.clone()),
        Arc::new(LocalSessionManager::default()),
        StreamableHttpServerConfig::default().with_legacy_session_mode(sessions).with_json_response(!sessions),
    )
}

#[derive(Clone)]
pub(crate) struct Server {
    tasks: TaskManager,
}

fn of<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("a value of the model")
}

fn text(text: impl Into<String>) -> CallToolResponse {
    CallToolResult::success(vec![ContentBlock::text(text)]).into()
}

fn question() -> Value {
    json!({
        "mode": "form", "message": "Who?",
        "requestedSchema": {"type": "object", "properties": {"name": {"type": "string", "default": "x"}}}
    })
}

fn greeting(answer: &Value) -> String {
    format!("hello {}", answer["content"]["name"].as_str().unwrap_or("nobody"))
}

fn wish() -> InputRequest {
    InputRequest::Elicitation(ElicitRequest::new(of(question())))
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerInfo {
        of(json!({
            "protocolVersion": "2025-11-25",
            "capabilities": {
                "tools": {"listChanged": true}, "prompts": {}, "resources": {"subscribe": true}, "completions": {},
                "extensions": {"io.modelcontextprotocol/tasks": {}}
            },
            "serverInfo": {"name": "library", "version": "1"}
        }))
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let tool = |name: &str| json!({"name": name, "inputSchema": {"type": "object"}});
        let mirrored = json!({"name": "größe", "inputSchema": {"type": "object", "properties": {
            "text": {"type": "string", "x-mcp-header": "Text"}, "n": {"type": "integer", "x-mcp-header": "N"},
            "on": {"type": "boolean", "x-mcp-header": "On"}}}});
        Ok(of(match request.and_then(|request| request.cursor).as_deref() {
            None => json!({"tools": [tool("echo"), mirrored], "nextCursor": "zwei"}),
            Some("zwei") => json!({"tools": [tool("ask"), tool("steps"), tool("job")]}),
            Some(_) => return Err(ErrorData::invalid_params("no such page", None)),
        }))
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Ok(of(json!({"prompts": [{"name": "review"}]})))
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        Ok(of(json!({"resources": [{"uri": "file:///a%20b", "name": "a"}]})))
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(of(json!({"resourceTemplates": [{"uriTemplate": "file:///{path}", "name": "files"}]})))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let code = request.arguments.as_ref().and_then(|arguments| arguments.get("code")).cloned();
        let code = code.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned();
        let text = format!("look at {code}");
        Ok(GetPromptResponse::Complete(of(
            json!({"messages": [{"role": "user", "content": {"type": "text", "text": text}}]}),
        )))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        Ok(ReadResourceResponse::Complete(of(json!({"contents": [{"uri": request.uri, "text": "ä"}]}))))
    }

    async fn complete(
        &self,
        _: CompleteRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        let mut result = CompleteResult::default();
        result.completion = CompletionInfo::with_all_values(vec!["python".into()]).expect("one value");
        Ok(result)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let arguments = Value::Object(request.arguments.clone().unwrap_or_default());
        let is_modern = context.protocol_version().is_some_and(|version| version.to_string() == "2026-07-28");
        match request.name.as_ref() {
            "echo" | "größe" => Ok(text(arguments.to_string())),
            "ask" if is_modern => match (request.input_responses, request.request_state.as_deref()) {
                (Some(responses), Some("st.ate \"1\"\n")) => {
                    Ok(text(greeting(&serde_json::to_value(&responses["who"]).expect("JSON"))))
                }
                (None, None) => {
                    let requests = [("who".to_owned(), wish())].into_iter().collect();
                    Ok(InputRequiredResult::new(Some(requests), Some("st.ate \"1\"\n".into())).into())
                }
                _ => Err(ErrorData::invalid_params("not the state that was sent", None)),
            },
            "ask" => {
                let answer = context.peer.create_elicitation(of(question())).await;
                let answer = answer.map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
                Ok(text(greeting(&serde_json::to_value(answer).expect("JSON"))))
            }
            "steps" => {
                let token = context.meta.get_progress_token().expect("a token");
                let forever = arguments["forever"] == true;
                let mut step = 0.0;
                while forever || step < 3.0 {
                    step += 1.0;
                    let _ = context.peer.notify_progress(ProgressNotificationParam::new(token.clone(), step)).await;
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                Ok(text("done"))
            }
            "job" if is_modern => {
                let options = TaskOptions::new().with_poll_interval_ms(100).with_ttl_ms(60_000);
                let task = self.tasks.spawn(options, |task| {
                    Box::pin(async move {
                        let answer = task.request_input("who", wish()).await?;
                        let name = answer["content"]["name"].as_str().unwrap_or("nobody").to_owned();
                        Ok(CallToolResult::success(vec![ContentBlock::text(format!("done for {name}"))]))
                    })
                });
                Ok(CallToolResponse::Task(CreateTaskResult::new(task)))
            }
            "job" => Ok(text("done at once")),
            _ => Err(ErrorData::invalid_params("no such tool", None)),
        }
    }

    async fn get_task(
        &self,
        request: GetTaskParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetTaskResult, ErrorData> {
        Ok(GetTaskResult::new(self.tasks.get_task(&request.task_id)?))
    }

    async fn update_task(&self, request: UpdateTaskParams, _: RequestContext<RoleServer>) -> Result<(), ErrorData> {
        self.tasks.update_task(&request.task_id, request.input_responses)
    }

    async fn cancel_task(&self, request: CancelTaskParams, _: RequestContext<RoleServer>) -> Result<(), ErrorData> {
        self.tasks.cancel_task(&request.task_id)
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(requested.clone())
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let watched = serde_json::to_value(context.accepted()).expect("JSON");
        let _ = context.sink().notify_tool_list_changed().await;
        for uri in watched["resourceSubscriptions"].as_array().into_iter().flatten() {
            let _ = context.sink().notify_resource_updated(uri.as_str().expect("text")).await;
        }
        context.cancelled().await;
        Ok(())
    }

    async fn subscribe(&self, _: SubscribeRequestParams, _: RequestContext<RoleServer>) -> Result<(), ErrorData> {
        Ok(())
    }
}
